// Where the messages of a JSON body are: what a format made of JSON differs by from the others.
//
// A layout is a small table. LayoutWalk reads it over simdjson's tree, LayoutReader over the events of the
// strict parser. Everything that no table names passes, whatever it is.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "logdist/codec/decode.hpp"
#include "logdist/codec/json/json_scan.hpp"

namespace logdist::codec {

/// As a sentence says it.
const char* name_of(Kind kind);

/// A set of kinds.
class Kinds {
 public:
  constexpr Kinds() = default;
  constexpr Kinds(std::initializer_list<Kind> kinds) {
    for (const Kind kind : kinds) bits_ = static_cast<std::uint8_t>(bits_ | bit(kind));
  }
  constexpr bool has(Kind kind) const { return (bits_ & bit(kind)) != 0; }
  static constexpr Kinds any() {
    return {Kind::object, Kind::array, Kind::string, Kind::number, Kind::boolean, Kind::null};
  }

 private:
  static constexpr std::uint8_t bit(Kind kind) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind)); }
  std::uint8_t bits_ = 0;
};

struct LayoutValue;

/// A member of an object, by its key.
struct LayoutMember {
  enum class Need : std::uint8_t { none, unless_empty, always };

  std::string_view key;
  const LayoutValue* value = nullptr;
  Need need = Need::none;  ///< whether the object must have it; `unless_empty`: if it has any member
  DecodeErrorCode missing = DecodeErrorCode::invalid_body;  ///< when it has not
  std::string_view other_key = {};                          ///< which it may have, too
};

/// A value that the layout says something of.
struct LayoutValue {
  /// Of an array whose elements are the messages if the object that has it is an envelope, and not itself a
  /// message. It is an envelope when it is the only value of the body, this is its only such array, and all
  /// elements are of the kinds of an element; an empty array counts so only as the only member.
  enum class Envelope : std::uint8_t { no, array, element };

  std::string_view name;                               ///< as a sentence says it
  Kinds kinds;                                         ///< which it may be
  Kinds counted = {};                                  ///< of which it is a message
  bool counted_empty = true;                           ///< also as an object without members
  bool must_not_be_blank = false;                      ///< neither null nor an empty string
  bool exactly_one_member = false;                     ///< of `members`, and no other
  std::span<const LayoutMember> members = {};          ///< of an object; at most 8
  const LayoutValue* element = nullptr;                ///< of an array; null: any
  std::span<const LayoutValue* const> positions = {};  ///< instead of `element`: of an array that has no others
  std::uint8_t positions_least = 0;                    ///< so many of these it must have
  Envelope envelope = Envelope::no;
};

struct Layout {
  const LayoutValue* root = nullptr;
  bool in_a_row = false;      ///< one or more of them, with blanks between them, or none
  bool may_be_empty = false;  ///< without messages, or nothing at all
};

/// Nesting of what layouts name, at most.
inline constexpr std::size_t layout_depth_max = 8;

/// otlp_json.cpp and so on: a file a format.
extern const Layout otlp_json_layout;
extern const Layout loki_json_layout;
extern const Layout hec_event_layout;
extern const Layout datadog_layout;
extern const Layout gelf_layout;
extern const Layout firehose_layout;
extern const Layout events_layout;
extern const Layout cloud_event_layout;
extern const Layout cloud_event_batch_layout;
/// The first line of a pair of `_bulk`.
extern const Layout bulk_action_layout;

/// Which member of `value` has this key, unescaped; the number of members when none has.
inline std::size_t find_member(const LayoutValue& value, std::string_view key) {
  std::size_t i = 0;
  while (i < value.members.size() && key != value.members[i].key &&
         (value.members[i].other_key.empty() || key != value.members[i].other_key)) {
    ++i;
  }
  return i;
}

}  // namespace logdist::codec
