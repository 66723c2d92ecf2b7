// Validates JSON without keeping it: simdjson's first stage, and a walk over the places that it has found.
//
// simdjson's own second stage writes all strings and numbers of a text to a tape; nothing here reads those. Its
// first stage finds the bytes at which tokens begin, and checks UTF-8, that strings end, and that no control is in
// them. What is left is checked here: brackets, commas, colons, numbers and literals in the walk, and escapes beside
// it. Numbers are not converted, so none is slow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <simdjson.h>

namespace logdist::codec {

/// What a JSON value is.
enum class Kind : std::uint8_t { object, array, string, number, boolean, null };

/// A cursor over one text after the other, whose memory lasts. Only ever says yes: what it does not like, a strict
/// parser must look at, which may find that it is right: a key with an escape, a number with ten digits of an exponent.
/// After a `false` only begin() may follow. Confined to one thread.
class JsonScan {
 public:
  /// Deepest nesting of arrays and objects that it accepts.
  static constexpr std::size_t levels_max = 64;

  JsonScan() { renew(); }

  /// Stands before the first value of `text`, which has simdjson's padding behind it, and lasts until the next.
  bool begin(std::string_view text);
  /// Whether `text`, which has padding behind it, is one value.
  bool is_one_value(std::string_view text) { return begin(text) && skip_value() && ends(); }
  /// No token is left.
  bool at_end() const { return next_ == end_; }
  /// No token is left, and whatever was passed is right: only then is the text.
  bool ends() { return at_end() && passes_escapes(text_end_); }

  /// Where the token that comes begins, or the text ends.
  const char* next() const { return byte_at(next_); }
  /// Where the token that was passed last begins.
  const char* last() const { return byte_at(next_ - 1); }

  /// What the value that comes is, as its first byte says.
  Kind kind() const {
    switch (byte(next_)) {
      case '{': return Kind::object;
      case '[': return Kind::array;
      case '"': return Kind::string;
      case 't':
      case 'f': return Kind::boolean;
      case 'n': return Kind::null;
      default: return Kind::number;
    }
  }
  /// Whether the value that comes is `""`.
  bool is_empty_string() const { return byte(next_) == '"' && text_[*next_ + 1] == '"'; }
  /// Whether the array or object that comes has nothing in it.
  bool is_empty() const { return byte(next_ + 1) == ']' || byte(next_ + 1) == '}'; }

  /// Passes a value.
  bool skip_value() {
    if (byte(next_) != '"' || at_end()) return skip_other();
    ++next_;
    return true;
  }
  /// Passes a string; `content` is what stands between its quotes, which has no escape.
  bool read_plain_string(std::string_view& content);

  /// Enters the array or object that comes, and is not empty.
  bool enter();
  /// Passes a key and its colon. As read_plain_string().
  bool read_plain_key(std::string_view& key);
  /// Behind a value: whether a comma has another follow. If not, leave() must succeed.
  bool passes_comma();
  /// Leaves the array or object.
  bool leave(char bracket);

  /// Bytes of the largest text that the memory serves.
  std::size_t capacity() const { return parser_.capacity(); }
  /// Gives all memory back.
  void renew();

 private:
  using Place = const std::uint32_t*;

  const char* byte_at(Place place) const { return text_ + *place; }
  char byte(Place place) const { return text_[*place]; }
  /// A key and its colon; false when they are not there.
  bool passes_key(Place& place) const {
    if (place >= end_ || byte(place) != '"' || byte(place + 1) != ':') return false;
    place += 2;
    return true;
  }
  bool skip_other();
  /// Looks at the escapes before `end`; false when one is none.
  bool passes_escapes(const char* end);
  bool is_scalar(Place place) const;
  bool is_number(const char* at) const;
  bool is_literal(const char* at, std::string_view literal) const;
  bool ends_token(const char* at) const;

  simdjson::dom::parser parser_;
  const char* text_ = nullptr;
  const char* text_end_ = nullptr;
  const char* escape_ = nullptr;  ///< the first backslash that was not looked at, or the text's end
  Place next_ = nullptr;          ///< where the tokens begin; of a string its first quote
  Place end_ = nullptr;  ///< behind the last; this and the place behind it can be read, and are the text's size
  std::size_t depth_ = 0;
};

}  // namespace logdist::codec
