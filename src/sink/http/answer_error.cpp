#include "sink/http/answer_error.hpp"

#include <string>

// Boost's category has no virtual destructor: nobody deletes one through it.
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

namespace logdist::sink {
namespace {

// Nobody deletes a category, so Boost gave the base class no virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "logdist.answer"; }
  std::string message(int value) const override {
    switch (static_cast<AnswerError>(value)) {
      case AnswerError::early: return "success before the whole request was sent";
      case AnswerError::unsolicited: return "bytes that nobody asked for";
      case AnswerError::other_protocol: return "a switch of protocols that nobody asked for";
    }
    return "unknown fault";
  }
};

#pragma GCC diagnostic pop

}  // namespace

boost::system::error_code make_error_code(AnswerError fault) {
  static const Category category;
  return {static_cast<int>(fault), category};
}

}  // namespace logdist::sink
