#include "logdist/codec/json/number_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>

#include <boost/json/basic_parser_impl.hpp>

#include "logdist/codec/json/any_value_handler.hpp"

namespace logdist::codec {
namespace {

/// Longer than any key of a path, and than any number that counts.
constexpr std::size_t text_bytes_max = 32;

class NumberHandler : public AnyValueHandler {
 public:
  void begin(std::span<const JsonStep> path, std::uint64_t least) {
    *this = {};
    path_ = path;
    least_ = least;
  }

  std::uint64_t last() const { return last_; }
  std::uint32_t count() const { return count_; }

  bool on_object_begin(json::error_code&) { return enter(false); }
  bool on_object_end(std::size_t, json::error_code&) { return leave(); }
  bool on_array_begin(json::error_code&) { return enter(true); }
  bool on_array_end(std::size_t, json::error_code&) { return leave(); }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return collect(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    collect(part);
    if (is_on_path()) {
      const JsonStep& step = path_[depth_ - 1];
      key_matches_ = step.kind == JsonStep::Kind::any_member || text_ == step.key;
    }
    text_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return collect(part); }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    collect(part);
    std::uint64_t number = 0;
    const char* const text_end = text_.data() + text_.size();
    const auto [end, error] = std::from_chars(text_.data(), text_end, number);
    const bool is_number = error == std::errc() && end == text_end;
    text_.clear();
    return !is_number || found(number);
  }
  bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
    return found(static_cast<std::uint64_t>(number));
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) { return found(number); }

 private:
  bool is_on_path() const { return depth_ == followed_; }
  /// Whether the value that begins is that of the path's next step.
  bool is_next_on_path() const {
    return is_on_path() && (depth_ == 0 || path_[depth_ - 1].kind == JsonStep::Kind::element || key_matches_);
  }

  bool enter(bool is_array) {
    const bool follows =
        depth_ < path_.size() && is_next_on_path() && (path_[depth_].kind == JsonStep::Kind::element) == is_array;
    ++depth_;
    if (follows) ++followed_;
    key_matches_ = false;
    return true;
  }
  bool leave() {
    if (is_on_path()) --followed_;
    --depth_;
    key_matches_ = false;
    return true;
  }
  bool collect(json::string_view part) {
    text_.append(part.data(), std::min(part.size(), text_bytes_max - text_.size()));
    return true;
  }
  bool found(std::uint64_t number) {
    if (depth_ != path_.size() || !is_next_on_path()) return true;
    last_ = number;
    if (number >= least_) ++count_;
    return true;
  }

  std::span<const JsonStep> path_;
  std::uint64_t least_ = 0;
  std::uint64_t last_ = 0;
  std::uint32_t count_ = 0;
  std::size_t depth_ = 0;     ///< containers that are open
  std::size_t followed_ = 0;  ///< of them, from the root, those on the path
  bool key_matches_ = false;  ///< of the innermost one on the path, the key told last
  std::string text_;          ///< of the key or string under way, its beginning
};

json::parse_options lenient() {
  json::parse_options options;
  options.max_depth = 256;
  options.allow_invalid_utf8 = true;
  return options;
}

}  // namespace

struct JsonNumberReader::Parser {
  json::basic_parser<NumberHandler> json{lenient()};
  bool is_over = false;
};

JsonNumberReader::JsonNumberReader() = default;
JsonNumberReader::~JsonNumberReader() = default;
JsonNumberReader::JsonNumberReader(JsonNumberReader&&) noexcept = default;
JsonNumberReader& JsonNumberReader::operator=(JsonNumberReader&&) noexcept = default;

void JsonNumberReader::begin(std::span<const JsonStep> path, std::uint64_t least) {
  if (!parser_) parser_ = std::make_unique<Parser>();
  parser_->json.reset();
  parser_->json.handler().begin(path, least);
  parser_->is_over = false;
}

void JsonNumberReader::read(std::string_view piece) {
  if (parser_->is_over) return;
  json::error_code error;
  parser_->json.write_some(true, piece.data(), piece.size(), error);
  parser_->is_over = error.failed() || parser_->json.done();
}

std::uint64_t JsonNumberReader::last() const { return parser_->json.handler().last(); }
std::uint32_t JsonNumberReader::count() const { return parser_->json.handler().count(); }

}  // namespace logdist::codec
