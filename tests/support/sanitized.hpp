// Which sanitizer watches this build, whatever the compiler.
#pragma once

namespace logdist::test {

#if defined(__has_feature)
#define LOGDIST_WATCHED_BY(sanitizer) __has_feature(sanitizer)
#else
#define LOGDIST_WATCHED_BY(sanitizer) 0
#endif

#if defined(__SANITIZE_THREAD__) || LOGDIST_WATCHED_BY(thread_sanitizer)
inline constexpr bool thread_sanitized = true;
#else
inline constexpr bool thread_sanitized = false;
#endif

#if defined(__SANITIZE_ADDRESS__) || LOGDIST_WATCHED_BY(address_sanitizer)
inline constexpr bool address_sanitized = true;
#else
inline constexpr bool address_sanitized = false;
#endif

#undef LOGDIST_WATCHED_BY

}  // namespace logdist::test
