#include "codec/layout_walk.hpp"

#include <string_view>

namespace logdist::codec {

bool LayoutWalk::walk(const LayoutValue& root) {
  ++roots_;
  members_ = 0;
  const bool is_object = scan_.kind() == Kind::object;
  if (!walk_value(root)) return false;
  if (is_object) root_members_ += members_;
  return true;
}

std::uint32_t LayoutWalk::messages() const {
  const bool envelope = roots_ == 1 && envelopes_ == 1 && !envelope_of_others_;
  return envelope && (enveloped_ > 0 || root_members_ == 1) ? enveloped_ : messages_;
}

bool LayoutWalk::walk_value(const LayoutValue& value) {
  const Kind kind = scan_.kind();
  if (!value.kinds.has(kind)) return false;
  if (value.must_not_be_blank && (kind == Kind::null || scan_.is_empty_string())) return false;
  if (kind == Kind::object) return walk_object(value);
  if (kind == Kind::array && value.envelope != LayoutValue::Envelope::no) return walk_envelope(value);
  if (!(kind == Kind::array ? walk_array(value) : scan_.skip_value())) return false;
  if (value.counted.has(kind)) ++messages_;
  return true;
}

bool LayoutWalk::walk_object(const LayoutValue& value) {
  const bool empty = scan_.is_empty();
  std::uint32_t seen = 0;
  std::uint64_t members = 0;
  if (empty || value.members.empty()) {
    if (!scan_.skip_value()) return false;
  } else {
    if (!scan_.enter()) return false;
    do {
      if (!walk_member(value, seen)) return false;
      ++members;
    } while (scan_.passes_comma());
    if (!scan_.leave('}')) return false;
  }
  members_ = members;
  if (value.exactly_one_member && (seen == 0 || members != 1)) return false;
  for (std::size_t i = 0; i < value.members.size(); ++i) {
    const LayoutMember::Need need = value.members[i].need;
    const bool needed = need == LayoutMember::Need::always || (need == LayoutMember::Need::unless_empty && !empty);
    if (needed && (seen & 1U << i) == 0) return false;
  }
  if (value.counted.has(Kind::object) && (value.counted_empty || !empty)) ++messages_;
  return true;
}

bool LayoutWalk::walk_member(const LayoutValue& value, std::uint32_t& seen) {
  std::string_view key;
  if (!scan_.read_plain_key(key)) return false;
  const std::size_t i = find_member(value, key);
  if (i == value.members.size()) return scan_.skip_value();
  if ((seen & 1U << i) != 0 || !walk_value(*value.members[i].value)) return false;
  seen |= 1U << i;
  member_ = i;
  return true;
}

bool LayoutWalk::walk_array(const LayoutValue& value) {
  if (!value.positions.empty()) return walk_positions(value);
  if (value.element == nullptr || scan_.is_empty()) return scan_.skip_value();
  if (!scan_.enter()) return false;
  do {
    if (!walk_value(*value.element)) return false;
  } while (scan_.passes_comma());
  return scan_.leave(']');
}

bool LayoutWalk::walk_positions(const LayoutValue& value) {
  if (scan_.is_empty() || !scan_.enter()) return false;
  std::size_t index = 0;
  do {
    if (index == value.positions.size() || !walk_value(*value.positions[index])) return false;
    ++index;
  } while (scan_.passes_comma());
  return scan_.leave(']') && index >= value.positions_least;
}

bool LayoutWalk::walk_envelope(const LayoutValue& value) {
  ++envelopes_;
  if (scan_.is_empty()) return scan_.skip_value();
  if (!scan_.enter()) return false;
  do {
    if (value.element->kinds.has(scan_.kind())) {
      ++enveloped_;
    } else {
      envelope_of_others_ = true;
    }
    if (!scan_.skip_value()) return false;
  } while (scan_.passes_comma());
  return scan_.leave(']');
}

}  // namespace logdist::codec
