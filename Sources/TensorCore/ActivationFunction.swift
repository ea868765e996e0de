import CSequenceKernels

/// A function that a layer applies to its weighted sums: `activation(x)`, for a tensor or a variable.
///
/// At a kink the derivative is the one that PyTorch takes. NaN gives NaN.
public enum ActivationFunction: Hashable, Sendable, Codable {
  /// x itself.
  case linear
  /// 1 where x ≥ 0, else 0 (McCulloch & Pitts, 1943). Its derivative counts as 0 everywhere.
  case binaryStep
  /// The logistic function 1 / (1 + e⁻ˣ).
  case sigmoid
  case tanh
  /// max(x, 0) (Nair & Hinton, 2010), with derivative 0 at 0.
  case relu
  /// x where x > 0, else slope · x (Maas et al., 2013); its derivative at 0 is the slope.
  case leakyReLU(slope: Double = 0.01)
  /// x where x > 0, else alpha · (eˣ − 1) (Clevert et al., 2016); its derivative at 0 is alpha.
  case elu(alpha: Double = 1)
  /// x · Φ(x), Φ the distribution function of the standard normal distribution (Hendrycks & Gimpel, 2016): the exact form.
  case gelu
  /// x / (1 + e⁻ˣ) (Elfwing et al., 2018).
  case silu
  /// log(1 + eˣ) (Dugas et al., 2001), without overflow.
  case softplus
  /// min(max(x + 3, 0), 6) / 6: PyTorch's slope of 1/6, not Keras's; its derivative at −3 and 3 is 0.
  case hardSigmoid
  /// eˣ / Σ eˣ along the last axis (Bridle, 1990).
  case softmax
  /// The logarithm of the softmax along the last axis, without overflow or cancellation.
  case logSoftmax

  /// Another name for the sigmoid.
  public static let logistic = sigmoid

  /// The function's values, in the shape of `x`.
  ///
  /// - Precondition: softmax and its logarithm need an axis.
  public func callAsFunction<Scalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    switch self {
    case .linear: return x
    case .softmax: return x.softmax()
    case .logSoftmax: return x.logSoftmax()
    default:
      let kernel = kernel
      var result = Tensor<Scalar>(uninitialized: x.shape, pool: x.storage.pool)
      result.withMutableMemory { target in
        x.withMemory { source in
          guard let from = source.baseAddress, let to = target.baseAddress else { return }
          if let device = OpenCLDevice.at(to) {
            return device.apply(
              kernel.function, kernel.parameter, from, stride: x.count, to: to, stride: x.count, rows: 1,
              columns: x.count)
          }
          Scalar.kernels.table.pointee.activation(
            kernel.function, kernel.parameter, Int64(source.count), source.baseAddress, target.baseAddress)
        }
      }
      return result
    }
  }

  /// Whether `gradient` is written in what came out of the function, rather than in what went in.
  package var keepsOutput: Bool {
    switch self {
    case .sigmoid, .tanh, .relu: true
    default: false
    }
  }

  /// upstream · f′, where f′ is computed from what the forward pass kept: see `keepsOutput`.
  ///
  /// - Precondition: it is a function of single elements, other than the linear one.
  package func gradient<Scalar>(kept: Tensor<Scalar>, upstream: Tensor<Scalar>) -> Tensor<Scalar> {
    if kept.shape != upstream.shape { shapeFailure("activation gradient", kept.shape, upstream.shape) }
    let kernel = kernel
    var result = Tensor<Scalar>(uninitialized: kept.shape, pool: kept.storage.pool)
    Tensor.requireSamePlace("activation gradient", kept, upstream)
    result.withMutableMemory { target in
      kept.withMemory { kept in
        upstream.withMemory { g in
          guard let x = kept.baseAddress, let slopes = g.baseAddress, let to = target.baseAddress else { return }
          if let device = OpenCLDevice.at(to) {
            let n = g.count
            return device.applyGradient(
              kernel.function, kernel.parameter, kept: x, stride: n, slopes, stride: n, to: to, stride: n, rows: 1,
              columns: n)
          }
          Scalar.kernels.table.pointee.activation_gradient(
            kernel.function, kernel.parameter, Int64(g.count), kept.baseAddress, g.baseAddress, target.baseAddress)
        }
      }
    }
    return result
  }

  /// The kernel of an elementwise function other than `linear`.
  ///
  /// - Precondition: the function is elementwise and not `linear`.
  var kernel: (function: SKActivation, parameter: Double) {
    switch self {
    case .binaryStep: (SKActivationBinaryStep, 0)
    case .sigmoid: (SKActivationSigmoid, 0)
    case .tanh: (SKActivationTanh, 0)
    case .relu: (SKActivationReLU, 0)
    case .leakyReLU(let slope): (SKActivationLeakyReLU, slope)
    case .elu(let alpha): (SKActivationELU, alpha)
    case .gelu: (SKActivationGELU, 0)
    case .silu: (SKActivationSiLU, 0)
    case .softplus: (SKActivationSoftplus, 0)
    case .hardSigmoid: (SKActivationHardSigmoid, 0)
    case .linear, .softmax, .logSoftmax: programmingError("\(self) is no kernel over single elements")
    }
  }
}
