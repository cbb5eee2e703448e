// Multiplication and addition with one rounding, by the host's instruction for it. The C library's fma is the same, but
// its library would be loaded at every start.
#pragma once

namespace dragoman::fpenv {

/// Whether the host has the instruction, and fma() may be called.
bool has_fma();

/// a * b + c in the thread's FP environment.
float fma(float a, float b, float c);
double fma(double a, double b, double c);

}  // namespace dragoman::fpenv
