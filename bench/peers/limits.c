// What the processor can do at all, and whether it is left alone.
//
//   limits fma           multiply-adds of 128 bits on registers, GFLOP/s of one core
//   limits fma-wide      the same with the widest registers there are
//   limits read          reading 1 GiB, GB/s of one core
//   limits probe THREADS a 40 ms multiply-add loop on so many threads; GFLOP/s of the slowest
//
// Each prints one number. Build: cc -O3 -march=native -ffp-contract=fast -pthread limits.c

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__AVX512F__)
#define WIDE 16
#elif defined(__AVX__)
#define WIDE 8
#else
#define WIDE 4
#endif

typedef float narrow __attribute__((vector_size(16)));
typedef float wide __attribute__((vector_size(4 * WIDE)));

// Pins a value in a register: nothing is merged, hoisted or kept in memory.
#if defined(__x86_64__)
#define KEEP(x) __asm__ volatile("" : "+v"(x))
#else
#define KEEP(x) __asm__ volatile("" : "+w"(x))
#endif

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

// Twelve chains: more than the latency times the number of units. Named, because an array lives in memory.
#define EACH(F) F(a) F(b) F(c) F(d) F(e) F(f) F(g) F(h) F(i) F(j) F(k) F(l)
#define STEP(x) x = x * m + n; KEEP(x);
#define LOOP(NAME, V)                                                              \
  __attribute__((noinline)) static float NAME(long turns) {                        \
    V one = (V){0} + 1.0f, m = one * 0.999999f, n = one * 1e-6f;                   \
    V a = one, b = one, c = one, d = one, e = one, f = one;                        \
    V g = one, h = one, i = one, j = one, k = one, l = one;                        \
    for (long turn = 0; turn < turns; turn++) { EACH(STEP) }                       \
    V sum = a + b + c + d + e + f + g + h + i + j + k + l;                         \
    return sum[0];                                                                 \
  }
LOOP(fma_narrow, narrow)
LOOP(fma_wide, wide)

static volatile float sink;

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Median GFLOP/s of samples of a few tenths of a millisecond.
static double rate(float (*loop)(long), int lanes, double seconds) {
  const long turns = 200000;
  double samples[512], end = now() + seconds;
  int count = 0;
  sink = loop(turns);
  do {
    double start = now();
    sink = loop(turns);
    samples[count++] = 2.0 * lanes * 12 * turns / (now() - start) * 1e-9;
  } while (now() < end && count < 512);
  qsort(samples, count, sizeof *samples, ascending);
  return samples[count / 2];
}

static void *probe(void *result) {
  *(double *)result = rate(fma_narrow, 4, 0.04);
  return 0;
}

static double probe_all(int threads) {
  pthread_t others[64];
  double rates[64], slowest;
  if (threads < 1 || threads > 64) threads = 1;
  for (int i = 1; i < threads; i++) pthread_create(&others[i], 0, probe, &rates[i]);
  probe(&rates[0]);
  slowest = rates[0];
  for (int i = 1; i < threads; i++) {
    pthread_join(others[i], 0);
    if (rates[i] < slowest) slowest = rates[i];
  }
  return slowest;
}

static double read_all(void) {
  const size_t bytes = (size_t)1 << 30, count = bytes / sizeof(wide);
  wide *numbers = aligned_alloc(sizeof(wide) < 64 ? 64 : sizeof(wide), bytes);
  double samples[15];
  if (!numbers) return 0;
  memset(numbers, 0, bytes);
  for (int run = 0; run < 15; run++) {
    wide a = {0}, b = a, c = a, d = a;
    double start = now();
    for (size_t i = 0; i < count; i += 4) {
      a += numbers[i], b += numbers[i + 1], c += numbers[i + 2], d += numbers[i + 3];
    }
    a += b + c + d;
    sink = a[0];
    samples[run] = bytes / (now() - start) * 1e-9;
  }
  qsort(samples, 15, sizeof *samples, ascending);
  return samples[7];
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  double result;
  if (!strcmp(what, "probe")) result = probe_all(argc > 2 ? atoi(argv[2]) : 1);
  else if (!strcmp(what, "fma")) result = rate(fma_narrow, 4, 1);
  else if (!strcmp(what, "fma-wide")) result = rate(fma_wide, WIDE, 1);
  else if (!strcmp(what, "read")) result = read_all();
  else return 1;
  printf("%.2f\n", result);
  return 0;
}
