// Boost.JSON's events, told to a schema.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include <boost/json/basic_parser_impl.hpp>

#include "codec/json_layout.hpp"
#include "logdist/codec/decode.hpp"
#include "logdist/codec/json/any_value_handler.hpp"

namespace logdist::codec {

/// Where the parser stops when an event is refused.
enum class Stop : std::uint8_t { at_value, at_closing_brace, at_closing_bracket, at_closing_quote, behind_number };

/// Passes Boost.JSON's events on to the rules of a schema.
template <typename Schema>
class RulesHandler : public AnyValueHandler {
 public:
  template <typename... Arguments>
  explicit RulesHandler(const Arguments&... arguments) : schema_(arguments...) {}

  Schema& schema() { return schema_; }
  const Schema& schema() const { return schema_; }
  /// Forgets what has come, for another text.
  void restart() {
    schema_.restart();
    text_.clear();
  }

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
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    return collect(part, schema_.wants_key());
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    collect(part, schema_.wants_key());
    const bool holds = schema_.key(text_);
    text_.clear();
    return told(holds, Stop::at_closing_quote, error);
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    return collect(part, schema_.wants_string());
  }
  bool on_string(json::string_view part, std::size_t, json::error_code& error) {
    collect(part, schema_.wants_string());
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
  bool collect(json::string_view part, bool wanted) {
    if (!wanted) return true;
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

  Schema schema_;
  std::string text_;  ///< of the key or string under way, its beginning
  std::size_t number_length_ = 0;
  Stop stop_ = Stop::at_value;
};

}  // namespace logdist::codec
