extension KernelSource {
  /// Steps of optimizers, an item for each weight. The formulas are those of the kernels of the same names in CSequenceKernels.h; numbers
  /// that are the same for all weights are computed by the host.
  static let optimizersText = #"""
    // Treatment of a gradient before the rule: see SKGradientTreatment. A factor in memory scales it too; `limited` is 0 where nothing
    // is clamped.
    #define LIMITS const int limited, const real limit, const real l2, const real l1, const real shrinkage
    #define TREATMENT const real scale, const int has_factor, MEMORY(factor), LIMITS
    #define TREATED(g, w) \
      treated(g, w, has_factor ? scale * *AT(real, factor) : scale, limited, limit, l2, l1, shrinkage)

    // out = the factor that brings tensors, whose norms are the figures from first to last, to one of at most limit together.
    __kernel void clipping_factor(
        const long n, const int first, const int last, const real limit, MEMORY(figures), MEMORY(out)) {
      ELEMENT(n);
      __global const real *norms = AT(real, figures);
      real largest = 0, sum = 0;
      for (int i = first; i < last; i++) largest = larger(largest, norms[i]);
      // Squares of shares cannot overflow.
      for (int i = first; i < last && largest > 0; i++) sum += (norms[i] / largest) * (norms[i] / largest);
      *AT(real, out) = fmin((real)1, limit / (largest * sqrt(sum) + (real)1e-6));
    }

    real treated(real gradient, real *weight, real scale, LIMITS) {
      real slope = gradient * scale;
      if (limited && !isnan(slope)) slope = fmax(-limit, fmin(limit, slope));
      slope = fma(l2, *weight, slope) + (*weight == 0 ? 0 : copysign(l1, *weight));
      *weight = fma(-shrinkage, *weight, *weight);
      return slope;
    }

    __kernel void sgd(
        const long n, TREATMENT, const real rate, const real momentum, const int nesterov, const int has_velocity,
        MEMORY(weights), MEMORY(gradient), MEMORY(velocity)) {
      ELEMENT(n);
      real weight = AT(real, weights)[id];
      const real slope = TREATED(AT(real, gradient)[id], &weight);
      real direction = slope;
      if (has_velocity) {
        direction = fma(momentum, AT(real, velocity)[id], slope);
        AT(real, velocity)[id] = direction;
        if (nesterov) direction = fma(momentum, direction, slope);
      }
      AT(real, weights)[id] = fma(-rate, direction, weight);
    }

    __kernel void adagrad(
        const long n, TREATMENT, const real rate, const real epsilon, MEMORY(weights), MEMORY(gradient),
        MEMORY(square_sum)) {
      ELEMENT(n);
      real weight = AT(real, weights)[id];
      const real slope = TREATED(AT(real, gradient)[id], &weight);
      const real sum = fma(slope, slope, AT(real, square_sum)[id]);
      AT(real, square_sum)[id] = sum;
      AT(real, weights)[id] = fma(-rate, slope / (sqrt(sum) + epsilon), weight);
    }

    __kernel void rmsprop(
        const long n, TREATMENT, const real rate, const real kept, const real added, const real epsilon,
        const real momentum, const int has_mean, const int has_velocity, MEMORY(weights), MEMORY(gradient),
        MEMORY(square_mean), MEMORY(gradient_mean), MEMORY(velocity)) {
      ELEMENT(n);
      real weight = AT(real, weights)[id];
      const real slope = TREATED(AT(real, gradient)[id], &weight);
      real size = fma(kept, AT(real, square_mean)[id], added * slope * slope);
      AT(real, square_mean)[id] = size;
      if (has_mean) {
        const real mean = fma(kept, AT(real, gradient_mean)[id], added * slope);
        AT(real, gradient_mean)[id] = mean;
        size = fma(-mean, mean, size);
        // Rounding can make the variance of equal gradients negative.
        size = size < 0 ? 0 : size;
      }
      real direction = slope / (sqrt(size) + epsilon);
      if (has_velocity) {
        direction = fma(momentum, AT(real, velocity)[id], direction);
        AT(real, velocity)[id] = direction;
      }
      AT(real, weights)[id] = fma(-rate, direction, weight);
    }

    __kernel void adadelta(
        const long n, TREATMENT, const real rate, const real kept, const real added, const real epsilon,
        MEMORY(weights), MEMORY(gradient), MEMORY(square_mean), MEMORY(change_mean)) {
      ELEMENT(n);
      real weight = AT(real, weights)[id];
      const real slope = TREATED(AT(real, gradient)[id], &weight);
      const real size = fma(kept, AT(real, square_mean)[id], added * slope * slope);
      const real change = AT(real, change_mean)[id];
      const real direction = sqrt(change + epsilon) / sqrt(size + epsilon) * slope;
      AT(real, square_mean)[id] = size;
      AT(real, change_mean)[id] = fma(kept, change, added * direction * direction);
      AT(real, weights)[id] = fma(-rate, direction, weight);
    }

    // Adam and its variants: w + moment_rate * m / d + gradient_rate * g / d with d = sqrt(v) * root_correction + epsilon.
    __kernel void adam(
        const long n, TREATMENT, const real moment_rate, const int has_gradient_rate, const real gradient_rate,
        const real kept1, const real added1, const real kept2, const real added2, const real root_correction,
        const real epsilon, MEMORY(weights), MEMORY(gradient), MEMORY(first_moment), MEMORY(second_moment)) {
      ELEMENT(n);
      real weight = AT(real, weights)[id];
      const real slope = TREATED(AT(real, gradient)[id], &weight);
      const real m = fma(kept1, AT(real, first_moment)[id], added1 * slope);
      const real v = fma(kept2, AT(real, second_moment)[id], added2 * slope * slope);
      const real divisor = fma(sqrt(v), root_correction, epsilon);
      AT(real, first_moment)[id] = m;
      AT(real, second_moment)[id] = v;
      if (has_gradient_rate) weight = fma(gradient_rate, slope / divisor, weight);
      AT(real, weights)[id] = fma(moment_rate, m / divisor, weight);
    }

    __kernel void lion(
        const long n, TREATMENT, const real rate, const real kept1, const real added1, const real kept2,
        const real added2, MEMORY(weights), MEMORY(gradient), MEMORY(momentum)) {
      ELEMENT(n);
      real weight = AT(real, weights)[id];
      const real slope = TREATED(AT(real, gradient)[id], &weight);
      const real before = AT(real, momentum)[id], direction = fma(kept1, before, added1 * slope);
      AT(real, momentum)[id] = fma(kept2, before, added2 * slope);
      AT(real, weights)[id] = fma(-rate, direction > 0 ? 1 : direction < 0 ? -1 : direction, weight);
    }
    """#
}
