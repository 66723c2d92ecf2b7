#include "codec/strict_validator.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <boost/json/basic_parser_impl.hpp>

#include "codec/packet_schema.hpp"
#include "logdist/base/check.hpp"

namespace logdist::codec {
namespace {

namespace json = boost::json;

/// Where the parser stops when an event is refused.
enum class Stop : std::uint8_t { at_value, at_closing_brace, at_closing_bracket, at_closing_quote, behind_number };

/// What basic_parser asks of a handler: any value passes, whatever its size.
struct AnyValueHandler {
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t, json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_key(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return false; }
  bool on_comment(json::string_view, json::error_code&) { return false; }
};

/// Passes Boost.JSON's events on to the rules.
class RulesHandler : public AnyValueHandler {
 public:
  const PacketSchema& schema() const { return schema_; }
  /// Of the event told last.
  Stop stop() const { return stop_; }
  /// Bytes of the number told last.
  std::size_t number_length() const { return number_length_; }

  bool on_object_begin(json::error_code& error) { return told(schema_.begin(Kind::object), Stop::at_value, error); }
  bool on_object_end(std::size_t, json::error_code& error) {
    return told(schema_.end(Kind::object), Stop::at_closing_brace, error);
  }
  bool on_array_begin(json::error_code& error) { return told(schema_.begin(Kind::array), Stop::at_value, error); }
  bool on_array_end(std::size_t, json::error_code& error) {
    return told(schema_.end(Kind::array), Stop::at_closing_bracket, error);
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return collect(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    collect(part);
    const bool holds = schema_.key(text_);
    text_.clear();
    return told(holds, Stop::at_closing_quote, error);
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return collect(part); }
  bool on_string(json::string_view part, std::size_t, json::error_code& error) {
    collect(part);
    const bool holds = schema_.string(text_);
    text_.clear();
    return told(holds, Stop::at_closing_quote, error);
  }
  bool on_int64(std::int64_t, json::string_view text, json::error_code& error) { return number(text, error); }
  bool on_uint64(std::uint64_t, json::string_view text, json::error_code& error) { return number(text, error); }
  bool on_double(double, json::string_view text, json::error_code& error) { return number(text, error); }
  bool on_bool(bool, json::error_code& error) { return told(schema_.scalar(Kind::boolean), Stop::at_value, error); }
  bool on_null(json::error_code& error) { return told(schema_.scalar(Kind::null), Stop::at_value, error); }

 private:
  /// Keeps no more of a text than tells it from every shorter one that matters.
  bool collect(json::string_view part) {
    const std::size_t room = max_id_length + 1 - text_.size();
    text_.append(part.data(), std::min(part.size(), room));
    return true;
  }

  bool number(json::string_view text, json::error_code& error) {
    number_length_ = text.size();
    return told(schema_.scalar(Kind::number), Stop::behind_number, error);
  }

  bool told(bool holds, Stop stop, json::error_code& error) {
    stop_ = stop;
    if (!holds) error = json::error::input_error;
    return holds;
  }

  PacketSchema schema_;
  std::string text_;  ///< of the key or string under way, its beginning
  std::size_t number_length_ = 0;
  Stop stop_ = Stop::at_value;
};

bool is_bad_escape(const json::error_code& error) {
  return error == json::error::illegal_leading_surrogate || error == json::error::illegal_trailing_surrogate ||
         error == json::error::expected_hex_digit || error == json::error::expected_utf16_escape;
}

/// Whether the bytes before `offset` are the first half of a surrogate pair.
bool is_behind_half_a_pair(std::string_view text, std::size_t offset) {
  constexpr std::string_view escape = "\\ud800";
  if (offset < escape.size()) return false;
  const std::string_view before = text.substr(offset - escape.size(), escape.size());
  return before.starts_with("\\u") && (before[2] | 0x20) == 'd' &&
         std::string_view("89abAB").find(before[3]) != std::string_view::npos;
}

/// A sentence for a fault of the JSON itself, found at `offset`.
std::string describe(const json::error_code& error, std::string_view text, std::size_t offset) {
  if (text.empty()) return "the body is empty";
  if (error == json::error::incomplete || offset >= text.size()) return "not JSON: it ends too early";
  if (error == json::error::too_deep) return fmt::format("nested deeper than {} levels", max_depth);
  if (error == json::error::exponent_overflow) return "not JSON that we can read: an exponent beyond 2^31";
  if (is_bad_escape(error) || is_behind_half_a_pair(text, offset)) {
    return "not JSON: a \\u escape that is malformed, or half of a surrogate pair";
  }
  const auto byte = static_cast<unsigned char>(text[offset]);
  if (byte >= 0x80) return fmt::format("not JSON: byte 0x{:02x}, which is not UTF-8 or outside a string", byte);
  if (byte < 0x20 || byte == 0x7f) return fmt::format("not JSON: unexpected control character 0x{:02x}", byte);
  return fmt::format("not JSON: unexpected character '{}'", text[offset]);
}

/// Where the number or escape begins that the parser gave up at `offset`, which
/// is somewhere within it; of any other fault, `offset` itself.
std::size_t first_byte(std::string_view text, std::size_t offset, const json::error_code& error) {
  if (is_bad_escape(error)) return offset == 0 ? 0 : std::min(text.rfind('\\', offset - 1), offset);
  if (error != json::error::exponent_overflow) return offset;
  const std::size_t before = text.find_last_not_of("+-.0123456789eE", offset);
  return before == std::string_view::npos ? 0 : before + 1;
}

/// The opening quote of the string or key that closes at `closing`.
std::size_t opening_quote(std::string_view text, std::size_t closing) {
  std::size_t quote = text.rfind('"', closing - 1);
  while (quote > 0 && text[quote - 1] == '\\') quote = text.rfind('"', quote - 1);
  return quote;
}

/// Where the value or key begins whose refusal stopped the parser at `offset`.
std::size_t refused_offset(std::string_view text, std::size_t offset, const RulesHandler& handler) {
  switch (handler.stop()) {
    case Stop::at_value:
    case Stop::at_closing_brace: return offset;
    case Stop::at_closing_bracket: return text.rfind('[', offset);  // only an empty array is refused at its end
    case Stop::at_closing_quote: return opening_quote(text, offset);
    case Stop::behind_number: return offset - handler.number_length();
  }
  check_failed("a known value", __FILE__, __LINE__);
}

/// The first fault of the JSON itself, if there is one, after the parser stopped at `offset`.
std::optional<DecodeError> find_syntax_fault(std::string_view text, std::size_t offset, const json::error_code& error) {
  if (error) offset = first_byte(text, offset, error);
  if (error) return DecodeError{DecodeErrorCode::invalid_body, describe(error, text, offset), offset};
  if (offset < text.size()) return DecodeError{DecodeErrorCode::invalid_body, "not JSON: more after its end", offset};
  return std::nullopt;
}

json::parse_options options() {
  json::parse_options options;
  options.max_depth = max_depth;
  return options;
}

/// The error of a part of a text, which may have begun in the part before.
std::optional<DecodeError> find_fault_of_part(std::string_view part, std::size_t stop, const json::error_code& error,
                                              bool ends) {
  if (error == json::error::incomplete || (error && ends && stop >= part.size())) {
    return DecodeError{DecodeErrorCode::invalid_body, "not JSON: it ends too early", part.size()};
  }
  return find_syntax_fault(part, stop, error);
}

/// One body, its bytes gone as soon as they are read.
class StrictReader final : public BodyReader {
 public:
  StrictReader() : parser_(options()) {}

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

  json::basic_parser<RulesHandler> parser_;
  std::size_t size_ = 0;  ///< of the pieces before
  std::string packet_id_;
  std::optional<DecodeError> error_;
};

}  // namespace

std::unique_ptr<BodyReader> read_strictly() { return std::make_unique<StrictReader>(); }

boost::system::result<std::uint32_t, DecodeError> validate_strictly(std::string_view text, std::string& packet_id) {
  json::basic_parser<RulesHandler> parser(options());
  json::error_code error;
  const std::size_t stop = parser.write_some(false, text.data(), text.size(), error);
  const RulesHandler& handler = parser.handler();
  if (const auto& violation = handler.schema().violation()) {
    return DecodeError{violation->code, violation->detail, refused_offset(text, stop, handler)};
  }
  if (auto fault = find_syntax_fault(text, stop, error)) return std::move(*fault);
  packet_id = handler.schema().packet_id().value_or("");
  return handler.schema().messages();
}

struct StrictValidator::Parser : json::basic_parser<AnyValueHandler> {
  Parser() : basic_parser(options()) {}
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
