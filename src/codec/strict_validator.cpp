#include "codec/strict_validator.hpp"

#include <algorithm>
#include <utility>

#include "codec/json_faults.hpp"
#include "codec/packet_schema.hpp"
#include "codec/rules_handler.hpp"
#include "logdist/base/check.hpp"

namespace logdist::codec {
namespace {

using PacketHandler = RulesHandler<PacketSchema>;

/// Where the value or key begins whose refusal stopped the parser at `offset`.
std::size_t refused_offset(std::string_view text, std::size_t offset, const PacketHandler& handler) {
  switch (handler.stop()) {
    case Stop::at_value:
    case Stop::at_closing_brace: return offset;
    case Stop::at_closing_bracket: return text.rfind('[', offset);  // only an empty array is refused at its end
    case Stop::at_closing_quote: return opening_quote(text, offset);
    case Stop::behind_number: return offset - handler.number_length();
  }
  check_failed("a known value", __FILE__, __LINE__);
}

/// One body, its bytes gone as soon as they are read.
class StrictReader final : public BodyReader {
 public:
  StrictReader() : parser_(strict_options()) {}

  bool feed(std::string_view piece) override {
    if (!piece.empty()) read(piece, false);
    return !error_;
  }

  DecodeResult finish() override {
    if (!error_) read({}, true);
    if (error_) return *error_;
    packet_id_ = parser_.handler().schema().packet_id().value_or("");
    return Decoded{parser_.handler().schema().messages(), packet_id_};
  }

 private:
  void read(std::string_view piece, bool ends) {
    json::error_code error;
    const std::size_t stop = parser_.write_some(!ends, piece.empty() ? "" : piece.data(), piece.size(), error);
    if (const auto& violation = parser_.handler().schema().violation()) {
      error_ = DecodeError{violation->code, violation->detail, stop};
    } else {
      error_ = find_fault_of_part(piece, stop, error, ends);
      if (error_ && size_ + piece.size() == 0) error_->detail = describe(error, {}, 0);
    }
    if (error_) error_->offset = size_ + std::min(error_->offset, piece.size());
    size_ += piece.size();
  }

  json::basic_parser<PacketHandler> parser_;
  std::size_t size_ = 0;  ///< of the pieces before
  std::string packet_id_;
  std::optional<DecodeError> error_;
};

}  // namespace

std::unique_ptr<BodyReader> read_strictly() { return std::make_unique<StrictReader>(); }

boost::system::result<std::uint32_t, DecodeError> validate_strictly(std::string_view text, std::string& packet_id) {
  json::basic_parser<PacketHandler> parser(strict_options());
  json::error_code error;
  const std::size_t stop = parser.write_some(false, text.data(), text.size(), error);
  const PacketHandler& handler = parser.handler();
  if (const auto& violation = handler.schema().violation()) {
    return DecodeError{violation->code, violation->detail, refused_offset(text, stop, handler)};
  }
  if (auto fault = find_syntax_fault(text, stop, error)) return std::move(*fault);
  packet_id = handler.schema().packet_id().value_or("");
  return handler.schema().messages();
}

struct StrictValidator::Parser : json::basic_parser<AnyValueHandler> {
  Parser() : basic_parser(strict_options()) {}
};

StrictValidator::StrictValidator() : parser_(std::make_unique<Parser>()) {}
StrictValidator::~StrictValidator() = default;

std::optional<DecodeError> StrictValidator::validate(std::string_view text) {
  json::error_code error;
  parser_->reset();
  const std::size_t stop = parser_->write_some(false, text.data(), text.size(), error);
  return find_syntax_fault(text, stop, error);
}

void StrictValidator::begin() { parser_->reset(); }

std::optional<DecodeError> StrictValidator::validate_part(std::string_view part, bool ends) {
  json::error_code error;
  const std::size_t stop = parser_->write_some(!ends, part.empty() ? "" : part.data(), part.size(), error);
  return find_fault_of_part(part, stop, error, ends);
}

}  // namespace logdist::codec
