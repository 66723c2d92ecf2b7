// A layout, held to event by event of a JSON parser.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/json_layout.hpp"
#include "codec/violation.hpp"

namespace logdist::codec {

/// Follows the values of one body from event to event. Every event returns whether the layout still holds;
/// after the first violation no more may come. Confined to one thread.
class LayoutSchema {
 public:
  /// `layout` outlives it.
  explicit LayoutSchema(const Layout& layout) : layout_(&layout) {}

  bool begin(Kind container);
  bool end(Kind container);
  bool scalar(Kind kind);
  bool key(std::string_view unescaped);
  bool string(std::string_view unescaped);

  /// Whether the text of a key, or string, that comes next matters.
  bool wants_key() const { return at_level() && depth_ > 0 && !levels_[level_count_ - 1].value->members.empty(); }
  bool wants_string() const { return at_level() && member_ != nullptr && member_->must_not_be_blank; }

  /// Forgets what has come.
  void restart() { *this = LayoutSchema(*layout_); }

  /// The body has ended. False: what is in it is not enough.
  bool finish();

  /// Those that are over.
  std::uint32_t messages() const { return messages_; }
  /// The index of the member of the root that came last.
  std::size_t root_member() const { return root_member_; }
  const std::optional<Violation>& violation() const { return violation_; }

 private:
  /// A container that is open, and that the layout says something of.
  struct Level {
    const LayoutValue* value = nullptr;
    bool array = false;
    std::uint8_t seen = 0;   ///< of its members, a bit each
    std::uint8_t index = 0;  ///< of its positions
    bool empty = true;       ///< no member so far
  };

  bool at_level() const { return depth_ == level_count_; }
  bool next(const LayoutValue*& value);
  bool admit(const LayoutValue& value, Kind kind, bool blank);
  bool complete_object(const Level& level);
  bool refuse(std::string detail, DecodeErrorCode code = DecodeErrorCode::invalid_body);

  const Layout* layout_;
  std::array<Level, layout_depth_max> levels_;
  std::size_t level_count_ = 0;
  std::size_t depth_ = 0;                ///< containers open
  const LayoutValue* member_ = nullptr;  ///< of the key that came last
  std::size_t root_member_ = 0;
  std::uint32_t messages_ = 0;
  std::uint32_t roots_ = 0;
  std::uint64_t root_members_ = 0;  ///< of all roots
  std::uint32_t envelopes_ = 0;
  std::uint32_t enveloped_ = 0;      ///< in them
  bool envelope_of_others_ = false;  ///< one of them has what is no message
  std::optional<Violation> violation_;
};

}  // namespace logdist::codec
