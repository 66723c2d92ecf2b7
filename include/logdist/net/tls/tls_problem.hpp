// What is wrong with the files of a `tls` section.
#pragma once

#include <string>

#include <boost/system/result.hpp>

namespace logdist::net {

/// One thing wrong. Names files, and never says what is in them.
struct TlsProblem {
  std::string key;  ///< of the section: "certificate"
  std::string message;
};

template <typename T>
using TlsResult = boost::system::result<T, TlsProblem>;

}  // namespace logdist::net
