#include "codec/layout_reader.hpp"

#include <algorithm>
#include <utility>

#include "codec/json_faults.hpp"
#include "codec/layout_schema.hpp"
#include "codec/rules_handler.hpp"

namespace logdist::codec {
namespace {

using LayoutHandler = RulesHandler<LayoutSchema>;
using LayoutParser = json::basic_parser<LayoutHandler>;

bool is_blank(char byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

/// Where the value or key begins whose refusal stopped the parser at `offset` of `text`, which is whole. A
/// container that is refused at its end is so at its closing bracket.
std::size_t begin_of_refused(std::string_view text, std::size_t offset, const LayoutHandler& handler) {
  if (handler.stop() == Stop::at_closing_quote) return opening_quote(text, offset);
  return handler.stop() == Stop::behind_number ? offset - handler.number_length() : offset;
}

/// One body, its bytes gone as soon as they are read.
class LayoutReader final : public BodyReader {
 public:
  /// `whole`: the body comes in one piece.
  LayoutReader(const Layout& layout, bool whole) : layout_(layout), whole_(whole), parser_(strict_options(), layout) {}

  bool feed(std::string_view piece) override {
    for (std::size_t at = 0; at < piece.size() && !error_;) {
      if (!in_value_) {
        const auto* const first = std::find_if_not(piece.data() + at, piece.data() + piece.size(), is_blank);
        at = static_cast<std::size_t>(first - piece.data());
        if (at == piece.size()) break;
        begin_value(piece, at);
      } else {
        at += read(piece, at, false);
      }
    }
    size_ += piece.size();
    return !error_;
  }

  DecodeResult finish() override {
    if (!error_ && in_value_) read({}, 0, true);
    LayoutSchema& schema = parser_.handler().schema();
    if (!error_ && values_ == 0 && !layout_.may_be_empty) {
      error_ = DecodeError{DecodeErrorCode::no_data, "the body is empty", size_};
    }
    if (!error_ && !schema.finish()) refuse(size_);
    if (error_) return *error_;
    return Decoded{schema.messages()};
  }

 private:
  void begin_value(std::string_view piece, std::size_t at) {
    if (values_ > 0 && !layout_.in_a_row) {
      fail(*find_syntax_fault(piece, at, {}), 0);
      return;
    }
    ++values_;
    in_value_ = true;
    parser_.reset();
  }

  /// Bytes that were read of `piece`, from `at` on.
  std::size_t read(std::string_view piece, std::size_t at, bool ends) {
    const std::string_view part = piece.substr(at);
    json::error_code error;
    const std::size_t stop = parser_.write_some(!ends, part.empty() ? "" : part.data(), part.size(), error);
    if (parser_.handler().schema().violation()) {
      refuse(size_ + at + (whole_ ? begin_of_refused(part, stop, parser_.handler()) : stop));
    } else if (auto fault = whole_ && !ends ? find_whole_fault(part, stop, error)
                                            : find_fault_of_part(part, stop, error, ends, true)) {
      fail(std::move(*fault), at);
    }
    in_value_ = !parser_.done();
    return stop;
  }

  /// A value that is not over may have ended with the body: finish() tells.
  static std::optional<DecodeError> find_whole_fault(std::string_view part, std::size_t stop,
                                                     const json::error_code& error) {
    if (error == json::error::incomplete) return std::nullopt;
    return find_syntax_fault(part, stop, error, true);
  }

  void refuse(std::size_t offset) {
    const Violation& violation = *parser_.handler().schema().violation();
    error_ = DecodeError{violation.code, violation.detail, offset, parser_.handler().schema().messages()};
  }

  void fail(DecodeError error, std::size_t base) {
    error_ = std::move(error);
    error_->offset += size_ + base;
    error_->message = parser_.handler().schema().messages();
  }

  const Layout& layout_;
  const bool whole_;
  LayoutParser parser_;
  bool in_value_ = false;
  std::size_t values_ = 0;  ///< that have begun
  std::size_t size_ = 0;    ///< of the pieces before
  std::optional<DecodeError> error_;
};

}  // namespace

std::unique_ptr<BodyReader> read_layout(const Layout& layout) { return std::make_unique<LayoutReader>(layout, false); }

DecodeResult validate_layout(const Layout& layout, std::string_view body) {
  LayoutReader reader(layout, true);
  reader.feed(body);
  return reader.finish();
}

struct LayoutValidator::Parser : LayoutParser {
  explicit Parser(const Layout& layout) : basic_parser(strict_options(), layout) {}
};

LayoutValidator::LayoutValidator(const Layout& layout) : parser_(std::make_unique<Parser>(layout)) {}
LayoutValidator::~LayoutValidator() = default;

std::optional<DecodeError> LayoutValidator::validate(std::string_view text) {
  parser_->reset();
  parser_->handler().restart();
  json::error_code error;
  const std::size_t stop = parser_->write_some(false, text.data(), text.size(), error);
  if (const auto& violation = parser_->handler().schema().violation()) {
    return DecodeError{violation->code, violation->detail, begin_of_refused(text, stop, parser_->handler())};
  }
  return find_syntax_fault(text, stop, error);
}

std::size_t LayoutValidator::root_member() const { return parser_->handler().schema().root_member(); }

}  // namespace logdist::codec
