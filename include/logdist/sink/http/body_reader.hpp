// Who reads the body of an answer.
#pragma once

#include <string_view>

namespace logdist::sink {

/// Gets the bytes of a body in order, without its framing. One body at a time.
class BodyReader {
 public:
  virtual void read(std::string_view piece) = 0;

 protected:
  BodyReader() = default;
  BodyReader(const BodyReader&) = default;
  BodyReader& operator=(const BodyReader&) = default;
  ~BodyReader() = default;
};

}  // namespace logdist::sink
