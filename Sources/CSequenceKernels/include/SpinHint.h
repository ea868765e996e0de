// Tells the processor that the thread is waiting for another one to write a word.

#ifndef SPINHINT_H
#define SPINHINT_H

static inline void sk_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
