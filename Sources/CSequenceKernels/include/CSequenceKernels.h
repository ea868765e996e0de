// The arithmetic under every tensor: one table of kernels for each scalar type and instruction set.
//
// Legend: m, n, k are the rows, columns and depth of a product; H is the hidden size, V the vocabulary.
// Matrices are row-major; a row stride counts elements. Every pointer to scalars is `void *`, because the
// tables for float and double share one type: the Swift wrappers in TensorCore give the types back.
//
// Exactness: an element's bits depend on the shape of the operation and on its operands, never on its position, on how
// the rows were divided among callers, or on alignment. Tails run the same vector code on padded copies.

#ifndef CSEQUENCEKERNELS_H
#define CSEQUENCEKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "SpinHint.h"

typedef enum SKUnary {
  SKUnaryNegate,
  SKUnaryAbsolute,
  SKUnarySquare,
  SKUnarySquareRoot,
  SKUnaryReciprocal,
  SKUnaryExp,
  SKUnaryLog,
  SKUnaryLog1p,  // log(1 + x)
  SKUnarySign,   // 1, −1, or x itself where it is zero
} SKUnary;

typedef enum SKBinary {
  SKBinaryAdd,
  SKBinarySubtract,
  SKBinaryMultiply,
  SKBinaryDivide,
  SKBinaryMaximum,
  SKBinaryMinimum,
  SKBinaryWeigh,  // x · y, but 0 where x is 0 and y infinite
} SKBinary;

/// Activation functions y = f(x) and their derivatives f', written in y where that is cheapest, else in x. `a` is the
/// parameter of those that have one.
typedef enum SKActivation {
  SKActivationBinaryStep,   // 1 where x ≥ 0, else 0;                 f' = 0
  SKActivationSigmoid,      // 1 / (1 + e⁻ˣ);                         f' = y · (1 − y)
  SKActivationTanh,         // tanh x;                                f' = 1 − y²
  SKActivationReLU,         // max(x, 0);                             f' = 1 where y > 0, else 0
  SKActivationLeakyReLU,    // x where x > 0, else a · x;             f' = 1 where x > 0, else a
  SKActivationELU,          // x where x > 0, else a · (eˣ − 1);      f' = 1 where x > 0, else a · eˣ
  SKActivationGELU,         // x · Φ(x), of the normal distribution;  f' = Φ(x) + x · φ(x)
  SKActivationSiLU,         // x · σ(x), σ the sigmoid;               f' = σ(x) · (1 + x · σ(−x))
  SKActivationSoftplus,     // log(1 + eˣ);                           f' = σ(x)
  SKActivationHardSigmoid,  // min(max(x + 3, 0), 6) / 6;             f' = 1/6 where −3 < x < 3, else 0
} SKActivation;

/// Treatment of a gradient before the rule of an optimizer: g ← clamp(scale·g, ±limit) + l2·w + l1·sign(w), then
/// w ← w − shrinkage·w.
typedef struct SKGradientTreatment {
  double scale;
  /// INFINITY clamps nothing.
  double limit;
  double l2;
  /// Not negative.
  double l1;
  double shrinkage;
} SKGradientTreatment;

/// How the right-hand side B of a product is stored, and with it the arithmetic of the product.
typedef enum SKFormat {
  /// The scalars themselves.
  SKFormatFull,
  /// B and A rounded to bfloat16 (to nearest, ties to even), their products added up in single precision. Subnormal
  /// numbers count as zeros.
  SKFormatBFloat16,
  /// B rounded to bfloat16; A and the arithmetic in single precision.
  SKFormatBFloat16Weights,
  /// B in 8-bit integers with a scale for each column, A in 8-bit integers with a scale for each row, their products
  /// added up exactly.
  SKFormatInt8Weights,
  /// A and B as sums of two bfloat16 numbers, x ≈ xh + xl: xh is x rounded (to nearest, ties to even), xl is x − xh rounded.
  /// The product is Ah·Bh + Ah·Bl + Al·Bh, added up in single precision: within 2⁻¹⁵ of Σ|a·b| at worst, beside the
  /// rounding of the sums. Every instruction set computes the same bits, in this order: for each 32 of k, in order, the
  /// three products are added to C, each as the sum over its even k plus the sum over its odd k, both from zero and in
  /// order, by multiply-adds that round once. Subnormal numbers count as zeros, also those among the results; infinite
  /// ones give NaN.
  SKFormatSplitBFloat16,
  SKFormatCount,
} SKFormat;

/// Rows that a product is added to: row i is rows[(indices ? indices[i] : i) · row_stride]. `rows` may be NULL, for zeros,
/// and may be C itself.
typedef struct SKStart {
  const void *rows;
  int64_t row_stride;
  const int32_t *indices;
} SKStart;

/// C = start + A·B in one format. B is packed once and used many times, in panels of `panel_width` columns that stand one
/// after the other and know nothing of each other: a caller that wants the columns from panel p on alone passes
/// `packed` + packed_bytes(k, p · panel_width), and that part of `c`.
typedef struct SKProductFormat {
  /// Bytes that `pack` writes for a k × n matrix.
  int64_t (*packed_bytes)(int64_t k, int64_t n);
  /// Packs B into memory of any alignment (products are fastest from whole cache lines). B's element (i, j) is
  /// b[i * row_stride + j * column_stride]; one of the strides is 1.
  void (*pack)(int64_t k, int64_t n, const void *b, int64_t row_stride, int64_t column_stride, void *packed);
  /// C[m × n] = start + A·B. A's element (i, j) is a[i * a_row_stride + j * a_column_stride].
  /// Each element is computed by the same operations in the same order of k, whatever stands beside it.
  void (*product)(
    int64_t m, int64_t n, int64_t k, const void *a, int64_t a_row_stride, int64_t a_column_stride,
    const void *packed, SKStart start, void *c, int64_t c_row_stride);
} SKProductFormat;

typedef struct SKKernels {
  const char *name;      // of the instruction set: see `sk_name`
  int64_t scalar_size;   // bytes
  int64_t panel_width;   // columns in one packed panel of a product, in every format

  /// Products, by format: see `sk_format`.
  const SKProductFormat *formats[SKFormatCount];

  // --- Elementwise, over n contiguous elements. A step is 1 for an array and 0 for one repeated element. x and y may
  //     be out.

  /// In single precision exp is within 4 units in the last place; log and log1p, and everything in double, are the C
  /// library's.
  void (*unary)(SKUnary operation, int64_t n, const void *x, void *out);
  /// The maximum and the minimum are NaN where either operand is.
  void (*binary)(
    SKBinary operation, int64_t n, const void *x, int64_t x_step, const void *y, int64_t y_step, void *out);
  /// out += factor · x.
  void (*add_scaled)(int64_t n, double factor, const void *x, void *out);
  /// out = share · x + (1 − share) · y.
  void (*mix)(int64_t n, const void *share, const void *x, const void *y, void *out);
  /// rest = (1 − share) · g;  g = share · g.
  void (*mix_gradient)(int64_t n, const void *share, void *g, void *rest);
  /// out = f(x). In single precision within 4 units in the last place, SiLU within 6 and GELU within 12 where the result
  /// is normal; in double as exact as the C library.
  void (*activation)(SKActivation f, double parameter, int64_t n, const void *x, void *out);
  /// out = g · f', from x or y, whichever `SKActivation` names; NaN where that is NaN.
  void (*activation_gradient)(
    SKActivation f, double parameter, int64_t n, const void *kept, const void *g, void *out);
  /// Rows and columns exchanged: out[j * m + i] = x[i * row_stride + j], x of m rows and n columns.
  void (*transpose)(int64_t m, int64_t n, const void *x, int64_t row_stride, void *out);

  // --- Reductions. `sum` and `sum_of_squares` add in double precision, in an order that depends on n alone: their bits
  //     are the same on every instruction set.

  double (*sum)(int64_t n, const void *x);
  double (*sum_of_squares)(int64_t n, const void *x);
  /// The largest element; NaN if there is one. n ≥ 1.
  double (*maximum)(int64_t n, const void *x);
  /// out[j] += Σ_i x[i * row_stride + j], summed in the scalar's own precision from zero, in order of i.
  void (*add_column_sums)(int64_t m, int64_t n, const void *x, int64_t row_stride, void *out);

  // --- Rows by index. Indices are checked by the caller.

  /// out row i = table row indices[i] (rows of n elements, out_row_stride and table_row_stride apart).
  void (*gather_rows)(
    int64_t m, int64_t n, const int32_t *indices, const void *table, int64_t table_row_stride, void *out,
    int64_t out_row_stride);
  /// table row indices[i] += x row i, in order of i.
  void (*scatter_add_rows)(
    int64_t m, int64_t n, const int32_t *indices, const void *x, int64_t x_row_stride, void *table,
    int64_t table_row_stride);

  // --- Columns by index, the same for each of m contiguous rows of x (of x_columns elements): n indices, of which a
  //     negative one stands for an element 0 outside of x.

  /// out[i, j] = x[i, indices[j]].
  void (*gather_columns)(
    int64_t m, int64_t n, const int32_t *indices, const void *x, int64_t x_columns, void *out);
  /// out[i, indices[j]] += x[i, j], in order of j; out has out_columns elements a row.
  void (*scatter_add_columns)(
    int64_t m, int64_t n, const int32_t *indices, const void *x, int64_t out_columns, void *out);

  // --- Softmax over each of m contiguous rows of n elements, computed after subtracting the row's maximum.

  void (*softmax)(int64_t m, int64_t n, const void *x, void *out);
  void (*log_softmax)(int64_t m, int64_t n, const void *x, void *out);
  /// losses[i] = −log softmax(logits row i)[targets[i]], in nats. Where `gradient` is not NULL it receives
  /// scale · (softmax − one-hot); it may be `logits`.
  void (*softmax_cross_entropy)(
    int64_t m, int64_t n, const void *logits, const int32_t *targets, double *losses, double scale, void *gradient);

  // --- Rows brought to mean 0 and variance 1 (divided by n), the moments in double precision. n ≥ 1.

  /// out = (x − mean) / √(variance + epsilon), for each of m contiguous rows; `means` and `variances` receive the rows'.
  void (*normalize_rows)(
    int64_t m, int64_t n, const void *x, double epsilon, void *out, double *means, double *variances);
  /// ∂L/∂x from y, the normalized rows, and g = ∂L/∂y: (g − mean(g) − y·mean(g·y)) / √(variance + epsilon).
  void (*normalize_rows_gradient)(
    int64_t m, int64_t n, const void *y, const double *variances, double epsilon, const void *g, void *out);

  /// Layer normalization of each of m rows of n elements: y = x̂·gain + bias, added to what stands in y if `adds`, with
  /// x̂ = scale · (x − mean) and scale = 1 / √(variance + epsilon). x̂ is kept in `normalized`, each row's scale in `scales`.
  /// Either `normalized` or y may be x.
  void (*layer_norm)(
    int64_t m, int64_t n, const void *x, int64_t x_row_stride, double epsilon, const void *gain, const void *bias,
    void *normalized, int64_t normalized_row_stride, void *scales, int64_t scales_stride, bool adds, void *y,
    int64_t y_row_stride);
  /// ∂L/∂x from g = ∂L/∂y; dx may be g. Each row adds its ∂L/∂gain and ∂L/∂bias to its own row of dgain and dbias.
  void (*layer_norm_gradient)(
    int64_t m, int64_t n, const void *normalized, int64_t normalized_row_stride, const void *scales,
    int64_t scales_stride, const void *gain, const void *g, int64_t g_row_stride, void *dx, int64_t dx_row_stride,
    void *dgain, void *dbias, int64_t sums_row_stride);

  // --- Recurrent gates, over `rows` sequences. Row strides are given for the gate matrices; every state matrix is
  //     rows × H contiguous. Gate order and formulas of LSTM and GRU are PyTorch's.

  /// gates (rows × 4H: i, f, g, o) holds preactivations on entry, activations on return.
  /// c = f·c_previous + i·g;  h = o·tanh(c).
  void (*lstm_gates)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *c_previous, void *c, void *h);
  /// From activations: dh is ∂L/∂h of this step; dc holds ∂L/∂c from the next step on entry and ∂L/∂c_previous on
  /// return; dgates (rows × 4H) receives ∂L/∂preactivations.
  void (*lstm_gates_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *c_previous, const void *c,
    const void *dh, void *dc, void *dgates, int64_t dgates_row_stride);

  /// As lstm_gates and its gradient, with the hard sigmoid min(1, max(0, slope·x + ½)) in place of σ. Its derivative is the
  /// slope where its value is between 0 and 1, and 0 where it is 0 or 1, at the corners too.
  void (*hard_lstm_gates)(
    int64_t rows, int64_t H, double slope, void *gates, int64_t gates_row_stride, const void *c_previous, void *c,
    void *h);
  void (*hard_lstm_gates_gradient)(
    int64_t rows, int64_t H, double slope, const void *gates, int64_t gates_row_stride, const void *c_previous,
    const void *c, const void *dh, void *dc, void *dgates, int64_t dgates_row_stride);

  /// LSTM gates that see the cell state through `peepholes` (3H: for i, f and o): i and f see c_previous, o sees c.
  void (*peephole_lstm_gates)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *peepholes, const void *c_previous,
    void *c, void *h);
  /// As `lstm_gates_gradient`; ∂L/∂peepholes is added to dpeepholes (rows × 3H), each sequence's to its own row.
  void (*peephole_lstm_gates_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *peepholes,
    const void *c_previous, const void *c, const void *dh, void *dc, void *dgates, int64_t dgates_row_stride,
    void *dpeepholes);

  /// gates (rows × 3H: f, g, o) holds preactivations on entry, activations on return.
  /// c = f·c_previous + (1 − f)·g;  h = o·tanh(c).
  void (*coupled_lstm_gates)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *c_previous, void *c, void *h);
  /// As lstm_gates_gradient, with dgates of rows × 3H.
  void (*coupled_lstm_gates_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *c_previous, const void *c,
    const void *dh, void *dc, void *dgates, int64_t dgates_row_stride);

  /// As lstm_gates, with a layer normalization before the output: h = o·tanh(ĉ·gain + bias). ĉ, c brought to mean 0 and
  /// variance 1, is kept in `normalized` (rows × H), what each row was scaled by in `scales`: see layer_norm.
  void (*normalized_lstm_gates)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *c_previous, double epsilon,
    const void *gain, const void *bias, void *c, void *normalized, void *scales, int64_t scales_stride, void *h);
  /// As lstm_gates_gradient; dh holds zeros on return. Each row adds its ∂L/∂gain and ∂L/∂bias to its own row of dgain and
  /// dbias.
  void (*normalized_lstm_gates_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *c_previous, const void *gain,
    const void *bias, const void *normalized, const void *scales, int64_t scales_stride, void *dh, void *dc,
    void *dgates, int64_t dgates_row_stride, void *dgain, void *dbias, int64_t sums_row_stride);

  /// gates (rows × 3H: r, z, n) holds x·W_ihᵀ + b_ih on entry and the activations r, z, n on return; recurrent
  /// (rows × 3H) holds h_previous·W_hhᵀ + b_hh and is left as it is.
  /// r = σ(·), z = σ(·), n = tanh(gates_n + r·recurrent_n), h = (1 − z)·n + z·h_previous.
  void (*gru_gates)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *recurrent, int64_t recurrent_row_stride,
    const void *h_previous, void *h);
  /// dgates receives ∂L/∂(x·W_ihᵀ + b_ih), drecurrent ∂L/∂(h_previous·W_hhᵀ + b_hh), both rows × 3H; dh holds ∂L/∂h on
  /// entry and, on return, the part of ∂L/∂h_previous that does not go through W_hh: z·dh.
  void (*gru_gates_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *recurrent,
    int64_t recurrent_row_stride, const void *h_previous, void *dh, void *dgates, int64_t dgates_row_stride,
    void *drecurrent, int64_t drecurrent_row_stride);

  /// As gru_gates and its gradient, with the hard sigmoid of hard_lstm_gates in place of σ.
  void (*hard_gru_gates)(
    int64_t rows, int64_t H, double slope, void *gates, int64_t gates_row_stride, const void *recurrent,
    int64_t recurrent_row_stride, const void *h_previous, void *h);
  void (*hard_gru_gates_gradient)(
    int64_t rows, int64_t H, double slope, const void *gates, int64_t gates_row_stride, const void *recurrent,
    int64_t recurrent_row_stride, const void *h_previous, void *dh, void *dgates, int64_t dgates_row_stride,
    void *drecurrent, int64_t drecurrent_row_stride);

  // The unit that resets before the product, gates rows × 3H: r, z, n.

  /// r and z go from preactivations to activations; reset_h = r·h_previous.
  void (*reset_before_gru_gates)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *h_previous, void *reset_h);
  /// With r and z as above, n goes from preactivation to activation; h = (1 − z)·n + z·h_previous.
  void (*reset_before_gru_candidate)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *h_previous, void *h);
  /// dgates receives ∂L/∂preactivations of z and n; dh holds ∂L/∂h on entry and z·dh on return.
  void (*reset_before_gru_candidate_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *h_previous, void *dh,
    void *dgates, int64_t dgates_row_stride);
  /// dgates receives ∂L/∂preactivations of r from ∂L/∂reset_h; r·dreset_h is added to dh.
  void (*reset_before_gru_gates_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *h_previous, const void *dreset_h,
    void *dh, void *dgates, int64_t dgates_row_stride);

  /// As the three above that know σ, with the hard sigmoid of hard_lstm_gates in its place.
  void (*hard_reset_before_gru_gates)(
    int64_t rows, int64_t H, double slope, void *gates, int64_t gates_row_stride, const void *h_previous,
    void *reset_h);
  void (*hard_reset_before_gru_candidate_gradient)(
    int64_t rows, int64_t H, double slope, const void *gates, int64_t gates_row_stride, const void *h_previous,
    void *dh, void *dgates, int64_t dgates_row_stride);
  void (*hard_reset_before_gru_gates_gradient)(
    int64_t rows, int64_t H, double slope, const void *gates, int64_t gates_row_stride, const void *h_previous,
    const void *dreset_h, void *dh, void *dgates, int64_t dgates_row_stride);

  // The minimal gated unit, gates rows × 2H: f, n.

  /// f goes from preactivation to activation; kept_h = f·h_previous.
  void (*mgu_forget)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *h_previous, void *kept_h);
  /// With f as above, n goes from preactivation to activation; h = (1 − f)·h_previous + f·n.
  void (*mgu_candidate)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *h_previous, void *h);
  /// dgates receives ∂L/∂preactivations of n and, in the columns of f, ∂L/∂f through h; dh holds ∂L/∂h on entry and
  /// (1 − f)·dh on return.
  void (*mgu_candidate_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *h_previous, void *dh,
    void *dgates, int64_t dgates_row_stride);
  /// The columns of f go from ∂L/∂f through h to ∂L/∂preactivations, with ∂L/∂kept_h; f·dkept_h is added to dh.
  void (*mgu_forget_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *h_previous, const void *dkept_h,
    void *dh, void *dgates, int64_t dgates_row_stride);

  /// The independently recurrent network with ReLU, weights u (H) between a unit and itself: gates (rows × H) is left as it
  /// is, h = max(gates + u·h_previous, 0).
  void (*indrnn_gates)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *u, const void *h_previous, void *h);
  /// dgates receives ∂L/∂preactivations; dh goes from ∂L/∂h to ∂L/∂h_previous; ∂L/∂u is added to du (rows × H), each
  /// sequence's to its own row.
  void (*indrnn_gates_gradient)(
    int64_t rows, int64_t H, const void *u, const void *h_previous, const void *h, void *dh, void *dgates,
    int64_t dgates_row_stride, void *du);

  /// The minGRU, gates rows × 2H: z, n. z goes from preactivation to activation, n is left as it is;
  /// h = (1 − z)·h_previous + z·n.
  void (*min_gru_gates)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *h_previous, void *h);
  /// dgates receives ∂L/∂preactivations; dh goes from ∂L/∂h to ∂L/∂h_previous.
  void (*min_gru_gates_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *h_previous, void *dh,
    void *dgates, int64_t dgates_row_stride);

  /// The minLSTM, gates rows × 3H: i, f, g. kept = σ(f) / (σ(i) + σ(f));  h = kept·h_previous + (1 − kept)·g.  i and f go
  /// from preactivations to the derivatives of kept with respect to them, g is left as it is.
  void (*min_lstm_gates)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *h_previous, void *kept, void *h);
  /// dgates receives ∂L/∂preactivations; dh goes from ∂L/∂h to ∂L/∂h_previous.
  void (*min_lstm_gates_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *h_previous, const void *kept,
    void *dh, void *dgates, int64_t dgates_row_stride);

  /// The sLSTM of xLSTM (Beck et al., 2024, equations 8 to 17), gates rows × 4H: i, f, z, o. They go from preactivations to
  /// the stabilized exponential gates i and f, z = tanh(·) and o = σ(·). With a = m_previous + log σ(f):
  /// m = max(i, a), or i where n_previous is not positive;  i ← exp(i − m), f ← exp(min(a − m, 0));
  /// c = f·c_previous + i·z;  n = f·n_previous + i;  h = o·c/n.  σ(f) is kept in forget_sigmoid.
  void (*slstm_gates)(
    int64_t rows, int64_t H, void *gates, int64_t gates_row_stride, const void *c_previous, const void *n_previous,
    const void *m_previous, void *c, void *n, void *m, void *h, void *forget_sigmoid);
  /// From activations: dh is ∂L/∂h of this step; dc, dn and dm hold the gradients of c, n and m on entry and of the previous
  /// ones on return; dgates (rows × 4H) receives ∂L/∂preactivations.
  void (*slstm_gates_gradient)(
    int64_t rows, int64_t H, const void *gates, int64_t gates_row_stride, const void *c_previous,
    const void *n_previous, const void *c, const void *n, const void *forget_sigmoid, const void *dh, void *dc,
    void *dn, void *dm, void *dgates, int64_t dgates_row_stride);

  // --- Optimizer steps, in place over n weights w. The rules see the gradient g as the treatment leaves it.

  /// v ← momentum·v + g;  w ← w − rate·v, or w − rate·(g + momentum·v) if nesterov.  With momentum 0, velocity may be
  /// NULL.
  void (*sgd)(
    int64_t n, void *weights, const void *gradient, void *velocity, const SKGradientTreatment *treatment, double rate,
    double momentum, bool nesterov);
  /// s ← s + g²;  w ← w − rate · g / (√s + ε).
  void (*adagrad)(
    int64_t n, void *weights, const void *gradient, void *square_sum, const SKGradientTreatment *treatment, double rate,
    double epsilon);
  /// s ← αs + (1 − α)g²;  d = g / (√s + ε), and with a gradient mean m ← αm + (1 − α)g, d = g / (√max(0, s − m²) + ε);
  /// w ← w − rate·d, and with a velocity v ← momentum·v + d, w ← w − rate·v.  gradient_mean and velocity may be NULL.
  void (*rmsprop)(
    int64_t n, void *weights, const void *gradient, void *square_mean, void *gradient_mean, void *velocity,
    const SKGradientTreatment *treatment, double rate, double smoothing, double epsilon, double momentum);
  /// s ← ρs + (1 − ρ)g²;  d = √(u + ε) / √(s + ε) · g;  u ← ρu + (1 − ρ)d²;  w ← w − rate·d.
  void (*adadelta)(
    int64_t n, void *weights, const void *gradient, void *square_mean, void *change_mean,
    const SKGradientTreatment *treatment, double rate, double smoothing, double epsilon);
  /// Kingma & Ba (2015), algorithm 1: m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;
  /// w ← w − rate/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε).
  void (*adam)(
    int64_t n, void *weights, const void *gradient, void *first_moment, void *second_moment,
    const SKGradientTreatment *treatment, double rate, double beta1, double beta2, double epsilon, int64_t step);
  /// m and v as in adam;  w ← w − (moment_rate · m + gradient_rate · g) / (√v / √(1 − β₂ᵗ) + ε).
  void (*nadam)(
    int64_t n, void *weights, const void *gradient, void *first_moment, void *second_moment,
    const SKGradientTreatment *treatment, double moment_rate, double gradient_rate, double beta1, double beta2,
    double epsilon, int64_t step);

  /// Chen et al. (2023), algorithm 2: w ← w − rate · sign(β₁m + (1 − β₁)g);  m ← β₂m + (1 − β₂)g.
  void (*lion)(
    int64_t n, void *weights, const void *gradient, void *momentum, const SKGradientTreatment *treatment, double rate,
    double beta1, double beta2);

  // --- The machine.

  /// Runs independent multiply-adds in registers for `iterations` rounds and returns how many floating-point operations
  /// that was; timed by the caller, it gives the arithmetic peak.
  double (*multiply_add_burst)(int64_t iterations);
} SKKernels;

/// The instruction sets that there are kernels for, in order of preference, lowest first.
/// The reproducible set is the portable one without fused multiply-adds: its kernels in float, save for logarithms, compute
/// the same bits on every machine. AMX multiplies bfloat16 and split bfloat16 in tiles, and 8-bit integers as AVX-512 does
/// where the processor has VNNI; its other kernels are those of AVX-512.
typedef enum SKInstructionSet {
  SKReproducible,
  SKPortable,
  SKAVX2,
  SKAVX512,
  SKAMX,
  SKInstructionSetCount,
} SKInstructionSet;

/// Whether this machine (and this build) can run an instruction set.
bool sk_supports(SKInstructionSet set);
/// "reproducible", "portable", "avx2", "avx512" or "amx".
const char *sk_name(SKInstructionSet set);
/// The kernels of one instruction set; NULL where the machine lacks it.
const SKKernels *sk_kernels_float(SKInstructionSet set);
const SKKernels *sk_kernels_double(SKInstructionSet set);
/// The products in one format; NULL where the machine or the scalar type lacks it. Every table has SKFormatFull.
const SKProductFormat *sk_format(const SKKernels *kernels, SKFormat format);

#endif
