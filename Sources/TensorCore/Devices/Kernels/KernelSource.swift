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
    typedef long word;
    #else
    typedef float real;
    typedef int word;
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
    real rounded(wide a) { return a.high + a.low; }
    #endif

    """#
}
