// Runs the kernels of every instruction set that the processor has against slow, obvious loops, without Swift: for
// processors that are at hand as emulators only. The tests in Swift hold every kernel to its whole contract; this
// covers what differs most from one processor to the next. Prints what is wrong and ends with 1, or ends with 0.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CSequenceKernels.h"

// Nor may the references of exact results be fused.
#pragma STDC FP_CONTRACT OFF

enum { ROWS = 3 };

/// The kernels under test, and half the distance from 1 to the next of their scalars.
static const SKKernels *kernels;
static double roundoff;
/// What is being computed, for messages.
static char title[100];
static int failures;
/// Hash (FNV-1a of words) of the results of the table under test, and of the reproducible kernels on any processor. Results of
/// the C library's functions are left out.
static uint64_t results;
static const uint64_t reproducible_results = 0x008d4beb7a6697eau;
static bool is_hashed;

static char memory[1 << 24];
static size_t used;

/// Lives until the case is over. Not at whole vectors: kernels may not count on that.
static void *allocate(int64_t bytes) {
  void *p = memory + used;
  used += (size_t)(bytes + 23) / 8 * 8;
  if (used > sizeof memory) abort();
  return p;
}

static double get(const void *x, int64_t i) {
  return kernels->scalar_size == sizeof(float) ? ((const float *)x)[i] : ((const double *)x)[i];
}

/// State of the stream of numbers.
static uint64_t state;

/// Scalars between −limit and limit, the next of a reproducible stream.
static void *numbers(int64_t count, double limit) {
  void *x = allocate(count * kernels->scalar_size);
  for (int64_t i = 0; i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double value = limit * ((double)(state >> 11) * 0x1p-52 - 1);
    if (kernels->scalar_size == sizeof(float)) ((float *)x)[i] = (float)value;
    else ((double *)x)[i] = value;
  }
  return x;
}

static void *copy(const void *x, int64_t count) {
  return memcpy(allocate(count * kernels->scalar_size), x, (size_t)(count * kernels->scalar_size));
}

static void expect(const char *what, int64_t i, double got, double expected, double tolerance) {
  if (is_hashed) {
    uint64_t bits = 0;
    if (!isnan(got)) memcpy(&bits, &got, sizeof bits);
    results = (results ^ bits) * 1099511628211u;
  }
  if (got == expected || fabs(got - expected) <= tolerance || (isnan(got) && isnan(expected))) return;
  if (failures++ < 20) {
    printf("%s, %d bytes, %s: %s %lld ", kernels->name, (int)kernels->scalar_size, title, what, (long long)i);
    printf("is %.17g, expected %.17g within %.3g\n", got, expected, tolerance);
  }
}

/// For results that are some roundings away from the exact ones.
static void expect_near(const char *what, const void *x, int64_t i, double expected, double roundoffs) {
  expect(what, i, get(x, i), expected, roundoffs * roundoff * fmax(1, fabs(expected)));
}

/// C[m × n] = A·B, or C += A·B.
static void multiply(
    const SKProductFormat *products, int64_t m, int64_t n, int64_t k, const void *a, int64_t a_row, int64_t a_column,
    const void *packed, void *c, int64_t c_row, bool accumulate) {
  const SKStart start = {accumulate ? c : NULL, c_row, NULL};
  products->product(m, n, k, a, a_row, a_column, packed, start, c, c_row);
}

/// One side's k numbers as the product is to take them: rounded, or multiples of the scale returned.
static float held(SKFormat format, bool is_weight, int64_t k, const void *x, int64_t stride, double *out) {
  float largest = 0;
  for (int64_t i = 0; i < k; i++) largest = fmaxf(largest, fabsf((float)get(x, i * stride)));
  for (int64_t i = 0; i < k; i++) {
    float value = (float)(out[i] = get(x, i * stride));
    if (format == SKFormatInt8Weights) {
      out[i] = nearbyintf(value * (127 / largest));
    } else if (format == SKFormatBFloat16 || (format == SKFormatBFloat16Weights && is_weight)) {
      uint32_t bits;
      memcpy(&bits, &value, sizeof bits);
      bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
      memcpy(&value, &bits, sizeof bits);
      out[i] = value;
    }
  }
  return largest / 127;
}

static void check_product(SKFormat format, int64_t m, int64_t n, int64_t k, int layout) {
  const SKProductFormat *products = sk_format(kernels, format);
  if (products == NULL) return;
  used = 0;
  snprintf(title, sizeof title, "product %d×%d×%d, format %d, layout %d", (int)m, (int)n, (int)k, format, layout);
  const bool turned_a = layout & 1, turned_b = layout & 2, accumulate = layout & 4;
  const int64_t a_stride = (turned_a ? m : k) + layout % 3, b_stride = (turned_b ? k : n) + layout % 2;
  const int64_t a_row = turned_a ? 1 : a_stride, a_column = turned_a ? a_stride : 1, c_row = n + layout % 4;
  const int64_t b_row = turned_b ? 1 : b_stride, b_column = turned_b ? b_stride : 1;
  const int64_t size = kernels->scalar_size, width = kernels->panel_width;
  const char *a = numbers((turned_a ? k : m) * a_stride, 1), *b = numbers((turned_b ? n : k) * b_stride, 1);
  const void *before = numbers(m * c_row, 1);
  char *packed = allocate(products->packed_bytes(k, n)), *c = copy(before, m * c_row), *parts = copy(before, m * c_row);
  products->pack(k, n, b, b_row, b_column, packed);
  multiply(products, m, n, k, a, a_row, a_column, packed, c, c_row, accumulate);

  double *row = allocate(k * 8), *columns = allocate(n * k * 8);
  float *scales = allocate(n * 4);
  for (int64_t j = 0; j < n; j++) scales[j] = held(format, true, k, b + j * b_column * size, b_row, columns + j * k);
  for (int64_t i = 0; i < m; i++) {
    const float scale = held(format, false, k, a + i * a_row * size, a_column, row);
    for (int64_t j = 0; j < n; j++) {
      const double start = accumulate ? get(before, i * c_row + j) : 0;
      double sum = 0, magnitude = fabs(start);
      for (int64_t p = 0; p < k; p++) {
        sum += row[p] * columns[j * k + p];
        magnitude += fabs(row[p] * columns[j * k + p]);
      }
      const bool is_exact = format == SKFormatInt8Weights;
      const double split = format == SKFormatSplitBFloat16 ? 0x1p-15 : 0;
      const float scaled = (float)sum * (scale * scales[j]);
      expect(
          "element", i * c_row + j, get(c, i * c_row + j), is_exact ? (float)start + scaled : start + sum,
          is_exact ? 0 : ((double)(k + 2) * roundoff + split) * magnitude);
    }
    for (int64_t j = i * c_row + n; j < (i + 1) * c_row; j++) expect("gap", j, get(c, j), get(before, j), 0);
    for (int64_t j = 0; j < n; j += width) {
      multiply(
          products, 1, n - j < width ? n - j : width, k, a + i * a_row * size, a_row, a_column,
          packed + products->packed_bytes(k, j), parts + (i * c_row + j) * size, c_row, accumulate);
    }
  }
  expect("bits where each row and panel is computed alone", 0, memcmp(parts, c, (size_t)(m * c_row * size)), 0, 0);
}

static void check_products(SKFormat format) {
  static const int64_t m[] = {1, 2, 3, 6, 7, 13, 29}, n[] = {1, 7, 8, 9, 33, 65}, k[] = {0, 1, 2, 17, 65};
  for (int i = 0; i < 7 * 6 * 5; i++) check_product(format, m[i / 30], n[i / 5 % 6], k[i % 5], i * 3 % 8);
  // More than one block of k.
  for (int layout = 0; layout < 8; layout++) check_product(format, 15, 37, 515, layout);
  check_product(format, 2, 9, 2100, 4);
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static double elu(double x) { return x > 0 ? x : expm1(x); }
static double softplus(double x) { return (x < 0 ? 0 : x) + log1p(exp(-fabs(x))); }
static double gelu(double x) { return x * erfc(-x * sqrt(0.5)) / 2; }
static double gelu_slope(double x) { return erfc(-x * sqrt(0.5)) / 2 + x * exp(-x * x / 2) / sqrt(2 * acos(-1)); }
static double silu(double x) { return x * sigmoid(x); }
static double silu_slope(double x) { return sigmoid(x) * (1 + x * sigmoid(-x)); }

static void check_activation(
    SKActivation f, double (*value)(double), double (*slope)(double), const char *name, int64_t n) {
  used = 0;
  snprintf(title, sizeof title, "%s of %d numbers", name, (int)n);
  const void *x = numbers(n, 8), *g = numbers(n, 1);
  void *y = copy(x, n), *dx = copy(x, n);
  kernels->activation(f, 1, n, x, y);
  kernels->activation_gradient(f, 1, n, x, g, dx);
  for (int64_t i = 0; i < n; i++) {
    expect_near("value", y, i, value(get(x, i)), 8);
    expect_near("gradient", dx, i, get(g, i) * slope(get(x, i)), 8);
  }
}

static void check_lstm(int64_t H) {
  used = 0;
  snprintf(title, sizeof title, "lstm of %d units", (int)H);
  const int64_t stride = 4 * H + 3;
  const void *x = numbers(ROWS * stride, 4), *c_before = numbers(ROWS * H, 1), *dh = numbers(ROWS * H, 1);
  void *gates = copy(x, ROWS * stride), *c = numbers(ROWS * H, 1), *h = numbers(ROWS * H, 1);
  void *dgates = numbers(ROWS * stride, 1), *dc_after = numbers(ROWS * H, 1), *dc = copy(dc_after, ROWS * H);
  kernels->lstm_gates(ROWS, H, gates, stride, c_before, c, h);
  kernels->lstm_gates_gradient(ROWS, H, gates, stride, c_before, c, dh, dc, dgates, stride);
  for (int64_t unit = 0; unit < ROWS * H; unit++) {
    const int64_t at = unit / H * stride + unit % H;
    const double i = sigmoid(get(x, at)), f = sigmoid(get(x, at + H));
    const double g = tanh(get(x, at + 2 * H)), o = sigmoid(get(x, at + 3 * H));
    const double previous = get(c_before, unit), cell = f * previous + i * g;
    const double dout = get(dh, unit), dcell = get(dc_after, unit) + dout * o * (1 - tanh(cell) * tanh(cell));
    const double activations[] = {i, f, g, o}, derivatives[] = {i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o)};
    const double gradients[] = {dcell * g, dcell * previous, dcell * i, dout * tanh(cell)};
    for (int gate = 0; gate < 4; gate++) {
      expect_near("activation", gates, at + gate * H, activations[gate], 10);
      expect_near("gradient", dgates, at + gate * H, gradients[gate] * derivatives[gate], 60);
    }
    expect_near("cell state", c, unit, cell, 20);
    expect_near("output", h, unit, o * tanh(cell), 30);
    expect_near("gradient of the cell state", dc, unit, dcell * f, 60);
  }
}

static void check_gru(int64_t H) {
  used = 0;
  snprintf(title, sizeof title, "gru of %d units", (int)H);
  const int64_t stride = 3 * H + 2;
  const void *x = numbers(ROWS * stride, 4), *recurrent = numbers(ROWS * stride, 4), *before = numbers(ROWS * H, 1);
  void *gates = copy(x, ROWS * stride), *h = numbers(ROWS * H, 1);
  void *dh_after = numbers(ROWS * H, 1), *dh = copy(dh_after, ROWS * H);
  void *dgates = numbers(ROWS * stride, 1), *dinner = numbers(ROWS * stride, 1);
  kernels->gru_gates(ROWS, H, gates, stride, recurrent, stride, before, h);
  kernels->gru_gates_gradient(ROWS, H, gates, stride, recurrent, stride, before, dh, dgates, stride, dinner, stride);
  for (int64_t unit = 0; unit < ROWS * H; unit++) {
    const int64_t at = unit / H * stride + unit % H;
    const double r = sigmoid(get(x, at) + get(recurrent, at)), z = sigmoid(get(x, at + H) + get(recurrent, at + H));
    const double inner = get(recurrent, at + 2 * H), n = tanh(get(x, at + 2 * H) + r * inner);
    const double previous = get(before, unit), dout = get(dh_after, unit), dn = dout * (1 - z) * (1 - n * n);
    const double activations[] = {r, z, n};
    const double gradients[] = {dn * inner * r * (1 - r), dout * (previous - n) * z * (1 - z), dn};
    for (int gate = 0; gate < 3; gate++) {
      expect_near("activation", gates, at + gate * H, activations[gate], 30);
      expect_near("gradient", dgates, at + gate * H, gradients[gate], 200);
      expect_near("recurrent gradient", dinner, at + gate * H, gradients[gate] * (gate == 2 ? r : 1), 200);
    }
    expect_near("output", h, unit, (1 - z) * n + z * previous, 40);
    expect_near("gradient of the state", dh, unit, dout * z, 40);
  }
}

static void check_cross_entropy(int64_t n, double limit) {
  used = 0;
  snprintf(title, sizeof title, "cross entropy of %d logits", (int)n);
  const void *logits = numbers(n, limit);
  void *gradient = copy(logits, n);
  const int32_t target = (int32_t)(n / 2);
  double computed, largest = -INFINITY, sum = 0;
  kernels->softmax_cross_entropy(1, n, gradient, &target, &computed, 0.125, gradient);
  for (int64_t j = 0; j < n; j++) largest = fmax(largest, get(logits, j));
  for (int64_t j = 0; j < n; j++) sum += exp(get(logits, j) - largest);
  const double loss = largest + log(sum) - get(logits, target);
  expect("loss", 0, computed, loss, 16 * roundoff * fmax(1, loss));
  for (int64_t j = 0; j < n; j++) {
    expect_near("gradient", gradient, j, 0.125 * (exp(get(logits, j) - largest) / sum - (j == target)), 16);
  }
}

static void check_reductions(int64_t n) {
  used = 0;
  snprintf(title, sizeof title, "reduction of %d numbers", (int)n);
  const int64_t stride = n + 1;
  const void *x = numbers(ROWS * stride, 3), *start = numbers(n, 1);
  void *totals = copy(start, n);
  double sum = 0, squares = 0, largest = -INFINITY;
  kernels->add_column_sums(ROWS, n, x, stride, totals);
  for (int64_t j = 0; j < n; j++) {
    sum += get(x, j);
    squares += get(x, j) * get(x, j);
    largest = fmax(largest, get(x, j));
    const double column = get(x, j) + get(x, stride + j) + get(x, 2 * stride + j);
    expect_near("column sum", totals, j, get(start, j) + column, 10);
  }
  expect("sum", 0, kernels->sum(n, x), sum, 1e-12 * (double)n);
  expect("sum of squares", 0, kernels->sum_of_squares(n, x), squares, 1e-12 * (double)n);
  expect("maximum", 0, kernels->maximum(n, x), largest, 0);
}

static void check_normalization(int64_t n, double epsilon) {
  used = 0;
  snprintf(title, sizeof title, "normalization of %d numbers, epsilon %g", (int)n, epsilon);
  const void *x = numbers(ROWS * n, 3), *g = numbers(ROWS * n, 1);
  void *y = copy(x, ROWS * n), *dx = copy(x, ROWS * n);
  double means[ROWS], variances[ROWS];
  kernels->normalize_rows(ROWS, n, x, epsilon, y, means, variances);
  kernels->normalize_rows_gradient(ROWS, n, y, variances, epsilon, g, dx);
  for (int64_t row = 0; row < ROWS; row++) {
    double rough = 0, mean = 0, variance = 0, plain = 0, weighted = 0, plain_size = 0, weighted_size = 0;
    const int64_t start = row * n;
    for (int64_t i = start; i < start + n; i++) rough += get(x, i) / (double)n;
    for (int64_t i = start; i < start + n; i++) mean += (get(x, i) - rough) / (double)n;
    mean += rough;
    for (int64_t i = start; i < start + n; i++) {
      variance += (get(x, i) - mean) * (get(x, i) - mean) / (double)n;
      plain += get(g, i) / (double)n;
      weighted += get(g, i) * get(y, i) / (double)n;
      plain_size += fabs(get(g, i)) / (double)n;
      weighted_size += fabs(get(g, i) * get(y, i)) / (double)n;
    }
    expect("mean", row, means[row], mean, 1e-13);
    expect("variance", row, variances[row], variance, 1e-12);
    const double scale = 1 / sqrt(variance + epsilon);
    for (int64_t i = start; i < start + n; i++) {
      expect("number", i, get(y, i), (get(x, i) - mean) * scale, 8 * roundoff * fmax(1, 3 * scale));
      const double gradient = (get(g, i) - plain - get(y, i) * weighted) * scale;
      const double magnitude = (fabs(get(g, i)) + plain_size + fabs(get(y, i)) * weighted_size) * scale;
      expect("gradient", i, get(dx, i), gradient, 10 * roundoff * magnitude);
    }
  }
}

/// Of five columns; a negative index stands for one outside.
static void check_columns(int64_t n) {
  enum { WIDTH = 5 };
  used = 0;
  snprintf(title, sizeof title, "%d columns by index", (int)n);
  int32_t *indices = allocate(n * (int64_t)sizeof *indices);
  for (int64_t j = 0; j < n; j++) indices[j] = (int32_t)(j * j % (WIDTH + 1)) - 1;
  const void *x = numbers(ROWS * WIDTH, 1), *g = numbers(ROWS * n, 1), *start = numbers(ROWS * WIDTH, 1);
  void *y = copy(g, ROWS * n), *dx = copy(start, ROWS * WIDTH);
  kernels->gather_columns(ROWS, n, indices, x, WIDTH, y);
  kernels->scatter_add_columns(ROWS, n, indices, g, WIDTH, dx);
  for (int64_t row = 0; row < ROWS; row++) {
    double sums[WIDTH];
    for (int64_t i = 0; i < WIDTH; i++) sums[i] = get(start, row * WIDTH + i);
    for (int64_t j = 0; j < n; j++) {
      const int64_t from = row * WIDTH + indices[j];
      expect("gathered", row * n + j, get(y, row * n + j), indices[j] < 0 ? 0 : get(x, from), 0);
      if (indices[j] >= 0) sums[indices[j]] += get(g, row * n + j);
    }
    for (int64_t i = 0; i < WIDTH; i++) expect_near("scattered", dx, row * WIDTH + i, sums[i], (double)n);
  }
}

/// Neighboring floats are one apart.
static double ordinal(float x) {
  int32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits < 0 ? -(double)(bits & 0x7fffffff) : bits;
}

/// Floats of every exponent and sign against the C library in double: at most 4 units in the last place apart.
/// An operation below 0 stands for the activation function.
static void check_function(int operation, SKActivation f, double (*reference)(double), const char *name) {
  enum { STEP = 19997, COUNT = UINT32_MAX / STEP };
  used = 0;
  snprintf(title, sizeof title, "%s", name);
  float *x = allocate(COUNT * sizeof *x), *y = allocate(COUNT * sizeof *y);
  for (uint32_t i = 0; i < COUNT; i++) memcpy(&x[i], &(uint32_t){i * STEP}, sizeof x[i]);
  if (operation < 0) kernels->activation(f, 1, COUNT, x, y);
  else kernels->unary((SKUnary)operation, COUNT, x, y);
  for (int64_t i = 0; i < COUNT; i++) {
    const float expected = (float)reference(x[i]);
    const bool is_number = !isnan(expected) && !isnan(y[i]);
    expect("result", i, is_number ? ordinal(y[i]) : y[i], is_number ? ordinal(expected) : expected, 4);
  }
}

static void check_table(const SKKernels *table) {
  static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 130};
  kernels = table;
  state = 1;
  results = 14695981039346656037u;
  is_hashed = true;
  roundoff = table->scalar_size == sizeof(float) ? 0x1p-24 : 0x1p-53;
  for (int format = 0; format < SKFormatCount; format++) check_products((SKFormat)format);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    check_lstm(sizes[i]);
    check_gru(sizes[i]);
    is_hashed = false;
    check_activation(SKActivationGELU, gelu, gelu_slope, "gelu", sizes[i]);
    check_cross_entropy(sizes[i], 1);
    check_cross_entropy(sizes[i], 20);
    is_hashed = true;
    check_activation(SKActivationSiLU, silu, silu_slope, "silu", sizes[i]);
    check_activation(SKActivationSoftplus, softplus, sigmoid, "softplus", sizes[i]);
    check_reductions(sizes[i]);
    check_normalization(sizes[i], 1e-5);
    check_normalization(sizes[i], 0.25);
    check_columns(sizes[i]);
  }
  if (table->scalar_size != sizeof(float)) return;
  check_function(SKUnaryExp, SKActivationTanh, exp, "exp");
  check_function(-1, SKActivationTanh, tanh, "tanh");
  check_function(-1, SKActivationSigmoid, sigmoid, "sigmoid");
  check_function(-1, SKActivationELU, elu, "elu");
  check_function(-1, SKActivationSoftplus, softplus, "softplus");
  if (table == sk_kernels_float(SKReproducible) && results != reproducible_results) {
    printf("the reproducible kernels compute other bits here: their hash is %#llx\n", (unsigned long long)results);
    failures++;
  }
}

int main(void) {
  for (int set = 0; set < SKInstructionSetCount; set++) {
    if (!sk_supports((SKInstructionSet)set)) continue;
    check_table(sk_kernels_float((SKInstructionSet)set));
    check_table(sk_kernels_double((SKInstructionSet)set));
    printf("%s kernels checked, %d failures in all\n", sk_name((SKInstructionSet)set), failures);
  }
  return failures > 0;
}
