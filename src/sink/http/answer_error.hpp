// What is wrong with an answer that Beast's parser has nothing against.
#pragma once

#include <cstdint>

#include <boost/system/error_code.hpp>

namespace logdist::sink {

enum class AnswerError : std::uint8_t {
  early = 1,      ///< it says that it took what it had not been sent in full
  unsolicited,    ///< bytes came while nothing was asked
  other_protocol  ///< 101, which nobody had asked for
};

/// For make_error_code(), by which Boost.System knows these.
boost::system::error_code make_error_code(AnswerError fault);

}  // namespace logdist::sink
