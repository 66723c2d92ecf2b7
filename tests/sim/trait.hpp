// What a packet does to those who read it.
#pragma once

#include <cstdint>

#include "logdist/base/ids.hpp"

namespace logdist::sim {

/// What the packet itself brings on, wherever it is read or at some analyzers only.
struct Trait {
  enum class Kind : std::uint8_t {
    ordinary,
    status,    ///< it is answered so
    drop,      ///< the connection is closed
    reset,     ///< as soon as it is read, with what else is on that connection
    nonsense,  ///< the answer is no HTTP
    silence,   ///< there is no answer
    late,      ///< the connection is closed, after up to 1.5 s
  };

  static constexpr int last_kind = static_cast<int>(Kind::late);

  Kind kind = Kind::ordinary;
  unsigned status = 0;
  std::uint64_t where = ~std::uint64_t{0};  ///< a bit for each AnalyzerId, counted round

  bool is_bad() const { return kind != Kind::ordinary; }
  bool is_bad_at(AnalyzerId analyzer) const { return is_bad() && (where >> analyzer % 64 & 1) != 0; }
  bool is_bad_everywhere() const { return is_bad() && where == ~std::uint64_t{0}; }
};

}  // namespace logdist::sim
