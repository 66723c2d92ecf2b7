// Functions of the product replaced by the linker (--wrap, see CMakeLists.txt).
#pragma once

// A member function is called as a free one with its object first. Both of these
// names are the linker's: calls of the first come here, the second is the original.
#define LOGDIST_WRAP(result, name, symbol, ...)              \
  result original_##name(__VA_ARGS__) asm("__real_" symbol); \
  result name(__VA_ARGS__) asm("__wrap_" symbol);            \
  result name(__VA_ARGS__)
