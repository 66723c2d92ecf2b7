// One breach of a house rule, as the tidy test reports it.
#pragma once

#include <cstddef>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

namespace logdist::tidy {

struct Fault {
  std::string path;
  std::size_t line = 0;  ///< 1-based; 0 when it is the whole file's
  std::string what;
};

using Faults = std::vector<Fault>;

/// As compilers print it, so that editors jump there.
inline std::ostream& operator<<(std::ostream& out, const Fault& fault) {
  return out << fault.path << ':' << fault.line << ": " << fault.what;
}

inline void append(Faults& faults, Faults more) {
  faults.insert(faults.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace logdist::tidy
