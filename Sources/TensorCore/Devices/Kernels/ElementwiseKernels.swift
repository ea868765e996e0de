extension KernelSource {
  /// Maps over elements; the operations are numbered as in `SKUnary`, `SKBinary` and `SKActivation`.
  static let elementwiseText = #"""
    /// The distribution function of the normal distribution.
    real normal(real x) { return (real)0.5 * erfc(x * (real)-0.70710678118654752440); }
    real at_least(real x, real bound) { return x < bound ? bound : x; }
    real at_most(real x, real bound) { return x > bound ? bound : x; }

    real unary_of(int operation, real x) {
      switch (operation) {
        case 0: return -x;
        case 1: return fabs(x);
        case 2: return x * x;
        case 3: return sqrt(x);
        case 4: return 1 / x;
        case 5: return exp(x);
        case 6: return log(x);
        case 7: return log1p(x);
        default: return x > 0 ? 1 : x < 0 ? -1 : x;
      }
    }

    real binary_of(int operation, real x, real y) {
      switch (operation) {
        case 0: return x + y;
        case 1: return x - y;
        case 2: return x * y;
        case 3: return x / y;
        case 4: return larger(x, y);
        case 5: return isnan(x) ? x : isnan(y) ? y : fmin(x, y);
        default: return x == 0 && !isnan(y) ? 0 : x * y;
      }
    }

    // Factors of what vanishes faster are bounded, since -inf * 0 is not 0.
    real activation_of(int f, real a, real x) {
      switch (f) {
        case 0: return isnan(x) ? x : x < 0 ? 0 : 1;
        case 1: return sigmoid(x);
        case 2: return squash(x);
        case 3: return at_least(x, 0);
        case 4: return x > 0 ? x : a * x;
        case 5: return x > 0 ? x : a * expm1(x);
        case 6: return at_least(x, -40) * normal(x);
        case 7: return at_least(x, -1000) * sigmoid(x);
        case 8: return softplus(x);
        default: return at_most(at_least(x + 3, 0), 6) / 6;
      }
    }

    real activation_slope(int f, real a, real kept, real g) {
      const real y = kept;
      if (f == 1) return sigmoid_slope(y, g);
      if (f == 2) return tanh_slope(y, g);
      if (isnan(kept)) return kept;
      switch (f) {
        case 0: return isnan(g) ? g : 0;
        case 3: return y > 0 ? g : 0;
        case 4: return kept > 0 ? g : g * a;
        case 5: return kept > 0 ? g : g * (a * exp(kept));
        case 6: {
          const real x = at_most(at_least(kept, -40), 40);
          return g * (normal(x) + x * (exp(x * x * (real)-0.5) * (real)0.39894228040143267794));
        }
        case 7: {
          const real x = at_most(at_least(kept, -1000), 1000), e = exp(-fabs(x));
          const real larger = 1 / (e + 1), smaller = e * larger;
          return g * ((x < 0 ? smaller : larger) * (1 + x * (x < 0 ? larger : smaller)));
        }
        case 8: return g * sigmoid(kept);
        default: return fabs(kept) < 3 ? g / 6 : 0;
      }
    }

    __kernel void unary(const long n, const int operation, MEMORY(x), MEMORY(out)) {
      ELEMENT(n);
      AT(real, out)[id] = unary_of(operation, AT(real, x)[id]);
    }

    // Operands with a stride for each axis of the result, 0 where an operand repeats; unused leading axes have the size 1.
    __kernel void binary(
        const long n, const int operation, SIZES, STRIDES(x), STRIDES(y), MEMORY(x), MEMORY(y), MEMORY(out)) {
      ELEMENT(n);
      AT(real, out)[id] = binary_of(operation, AT(real, x)[PLACE(x)], AT(real, y)[PLACE(y)]);
    }

    __kernel void activation(
        const long n, const int columns, const int f, const real a, MEMORY(x), const int x_stride, MEMORY(out),
        const int out_stride) {
      ELEMENT(n);
      const long row = id / columns, column = id % columns;
      AT(real, out)[row * out_stride + column] = activation_of(f, a, AT(real, x)[row * x_stride + column]);
    }

    __kernel void activation_gradient(
        const long n, const int columns, const int f, const real a, MEMORY(kept), const int kept_stride, MEMORY(g),
        const int g_stride, MEMORY(out), const int out_stride) {
      ELEMENT(n);
      const long row = id / columns, column = id % columns;
      AT(real, out)[row * out_stride + column] = activation_slope(
          f, a, AT(real, kept)[row * kept_stride + column], AT(real, g)[row * g_stride + column]);
    }

    // out += factor * x; a stride of x of 0 repeats its row.
    __kernel void add_scaled(
        const long n, const int columns, const real factor, MEMORY(x), const int x_stride, MEMORY(out),
        const int out_stride) {
      ELEMENT(n);
      const long row = id / columns, column = id % columns;
      __global real *target = AT(real, out) + row * out_stride + column;
      *target = fma(factor, AT(real, x)[row * x_stride + column], *target);
    }

    // The name mix is taken by a function of the language.
    __kernel void mixture(const long n, MEMORY(share), MEMORY(x), MEMORY(y), MEMORY(out)) {
      ELEMENT(n);
      const real s = AT(real, share)[id];
      AT(real, out)[id] = fma(s, AT(real, x)[id], (1 - s) * AT(real, y)[id]);
    }

    __kernel void mixture_gradient(const long n, MEMORY(share), MEMORY(g), MEMORY(rest)) {
      ELEMENT(n);
      const real s = AT(real, share)[id], whole = AT(real, g)[id];
      AT(real, rest)[id] = (1 - s) * whole;
      AT(real, g)[id] = s * whole;
    }
    """#
}
