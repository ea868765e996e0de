/// Source texts of the kernels, in OpenCL C 1.2. Each is a program of its own, compiled when the first of its kernels is used.
enum KernelSource: String, CaseIterable {
  case elementwise, moving, reductions, products, gates, sequences, normalization, optimizers

  var text: String {
    switch self {
    case .elementwise: Self.elementwiseText
    case .moving: Self.movingText
    case .reductions: Self.reductionsText
    case .products: Self.productsText
    case .gates: Self.gatesText
    case .sequences: Self.sequencesText
    case .normalization: Self.normalizationText
    case .optimizers: Self.optimizersText
    }
  }

  /// Beginning of every text: types, and the passing of memory.
  ///
  /// `real` is the scalar type. `wide` is what sums are added up in: double precision, or where the device has none a pair of
  /// numbers, the second of which holds what rounding took from the first (Kahan, 1965; Neumaier, 1974). The order of every sum
  /// is fixed, so the same device and driver compute the same bits each time.
  static let prelude = #"""
    #if defined(DOUBLES) || defined(WIDE_DOUBLES)
    #pragma OPENCL EXTENSION cl_khr_fp64 : enable
    #endif

    #ifdef DOUBLES
    typedef double real;
    #else
    typedef float real;
    #endif

    // Memory is passed as a buffer and an offset in bytes.
    #define MEMORY(name) __global char *name##_memory, const long name##_offset
    #define AT(type, name) ((__global type *)(name##_memory + name##_offset))

    // The number of the item; those behind the last element leave.
    #define ELEMENT(count)               \
      const long id = get_global_id(0);  \
      if (id >= (long)(count)) return

    #ifdef WIDE_DOUBLES
    typedef double wide;
    wide wide_of(real x) { return x; }
    wide wide_sum(wide a, wide b) { return a + b; }
    wide wide_product(real a, real b) { return (wide)a * (wide)b; }
    real rounded(wide a) { return (real)a; }
    real rounded_root(wide a) { return (real)sqrt(a); }
    #else
    typedef struct { real high, low; } wide;
    wide wide_of(real x) { return (wide){x, 0}; }
    wide wide_sum(wide a, wide b) {
      const real high = a.high + b.high, part = high - a.high;
      return (wide){high, (a.high - (high - part)) + (b.high - part) + (a.low + b.low)};
    }
    wide wide_product(real a, real b) {
      const real high = a * b;
      return (wide){high, fma(a, b, -high)};
    }
    // Rounding takes no number from an infinite sum.
    real rounded(wide a) { return isfinite(a.high) ? a.high + a.low : a.high; }
    real rounded_root(wide a) { return sqrt(rounded(a)); }
    #endif

    real larger(real a, real b) { return isnan(a) ? a : isnan(b) ? b : fmax(a, b); }

    // Values of the GROUP items of a group, joined in pairs; every item gets the result. No item leaves before a barrier.
    #define JOIN(values, value, expression)                                  \
      const int item = get_local_id(0);                                      \
      barrier(CLK_LOCAL_MEM_FENCE);                                          \
      values[item] = value;                                                  \
      barrier(CLK_LOCAL_MEM_FENCE);                                          \
      for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {    \
        const int other = item + half_count;                                 \
        if (item < half_count) values[item] = (expression);                  \
        barrier(CLK_LOCAL_MEM_FENCE);                                        \
      }                                                                      \
      return values[0]
    wide sum_of_items(wide value, __local wide *values) { JOIN(values, value, wide_sum(values[item], values[other])); }
    real largest_of_items(real value, __local real *values) { JOIN(values, value, larger(values[item], values[other])); }

    // Functions of units, and gradients g through them from their values y.
    real sigmoid(real x) { return 1 / (1 + exp(-x)); }
    // Where the hyperbolic tangent rounds to 1 it is 1, and its slope 0, which not every driver's is: large weights would multiply what
    // is left of the slope from step to step.
    #ifdef DOUBLES
    #define LARGEST_TANH_ARGUMENT 19.1
    #else
    #define LARGEST_TANH_ARGUMENT 9.02f
    #endif
    real squash(real x) { return fabs(x) > LARGEST_TANH_ARGUMENT ? copysign((real)1, x) : tanh(x); }
    real softplus(real x) { return (x < 0 ? 0 : x) + log1p(exp(-fabs(x))); }
    real sigmoid_slope(real y, real g) { return g * (y * (1 - y)); }
    real tanh_slope(real y, real g) { return g * (1 - y * y); }

    // A gate: the hard sigmoid of a slope, or the logistic one where that is 0.
    real gate(real slope, real x) {
      if (slope == 0) return sigmoid(x);
      const real y = fma(slope, x, (real)0.5);
      return y < 0 ? 0 : y > 1 ? 1 : y;
    }

    real gate_slope(real slope, real y, real g) {
      if (slope == 0) return sigmoid_slope(y, g);
      return isnan(y) ? y : y > 0 && y < 1 ? g * slope : 0;
    }

    // Place in an operand of element id of a result with six axes: sizes of all but the first, strides of the operand.
    #define SIZES const int size1, const int size2, const int size3, const int size4, const int size5
    #define STRIDES(x) const int x##0, const int x##1, const int x##2, const int x##3, const int x##4, const int x##5
    #define PLACE(x) place(id, size1, size2, size3, size4, size5, x##0, x##1, x##2, x##3, x##4, x##5)
    long place(long id, SIZES, STRIDES(x)) {
      long at = id % size5 * x5;
      id /= size5;
      at += id % size4 * x4;
      id /= size4;
      at += id % size3 * x3;
      id /= size3;
      at += id % size2 * x2;
      id /= size2;
      return at + id % size1 * x1 + id / size1 * x0;
    }

    """#
}
