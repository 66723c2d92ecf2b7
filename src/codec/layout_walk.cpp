#include "codec/layout_walk.hpp"

#include <string_view>

namespace logdist::codec {
namespace {

namespace dom = simdjson::dom;

Kind kind_of(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::OBJECT: return Kind::object;
    case dom::element_type::ARRAY: return Kind::array;
    case dom::element_type::STRING: return Kind::string;
    case dom::element_type::BOOL: return Kind::boolean;
    case dom::element_type::NULL_VALUE: return Kind::null;
    default: return Kind::number;
  }
}

bool is_blank_value(const dom::element& element) {
  std::string_view text;
  return element.is_null() || (element.get(text) == simdjson::SUCCESS && text.empty());
}

}  // namespace

bool LayoutWalk::walk(const LayoutValue& root, const dom::element& element) {
  ++roots_;
  dom::object object;
  if (element.get(object) == simdjson::SUCCESS) root_members_ += object.size();
  return walk_value(root, element);
}

std::uint32_t LayoutWalk::messages() const {
  const bool envelope = roots_ == 1 && envelopes_ == 1 && !envelope_of_others_;
  return envelope && (enveloped_ > 0 || root_members_ == 1) ? enveloped_ : messages_;
}

void LayoutWalk::walk_envelope(const LayoutValue& value, const dom::array& array) {
  ++envelopes_;
  for (const dom::element element : array) {
    if (value.element->kinds.has(kind_of(element))) {
      ++enveloped_;
    } else {
      envelope_of_others_ = true;
    }
  }
}

bool LayoutWalk::walk_value(const LayoutValue& value, const dom::element& element) {
  const Kind kind = kind_of(element);
  if (!value.kinds.has(kind)) return false;
  if (value.must_not_be_blank && is_blank_value(element)) return false;
  if (kind == Kind::array) {
    if (value.envelope != LayoutValue::Envelope::no) {
      walk_envelope(value, dom::array(element));
      return true;
    }
    if (!walk_array(value, dom::array(element))) return false;
  } else if (kind == Kind::object) {
    return walk_object(value, dom::object(element));
  }
  if (value.counted.has(kind)) ++messages_;
  return true;
}

bool LayoutWalk::walk_object(const LayoutValue& value, const dom::object& object) {
  std::uint32_t seen = 0;
  if (!value.members.empty()) {
    for (const dom::key_value_pair pair : object) {
      const std::size_t i = find_member(value, pair.key);
      if (i == value.members.size()) continue;
      if ((seen & 1U << i) != 0 || !walk_value(*value.members[i].value, pair.value)) return false;
      seen |= 1U << i;
      member_ = i;
    }
  }
  const bool empty = object.begin() == object.end();
  if (value.exactly_one_member && (seen == 0 || object.size() != 1)) return false;
  for (std::size_t i = 0; i < value.members.size(); ++i) {
    const LayoutMember::Need need = value.members[i].need;
    const bool needed = need == LayoutMember::Need::always || (need == LayoutMember::Need::unless_empty && !empty);
    if (needed && (seen & 1U << i) == 0) return false;
  }
  if (value.counted.has(Kind::object) && (value.counted_empty || !empty)) ++messages_;
  return true;
}

bool LayoutWalk::walk_array(const LayoutValue& value, const dom::array& array) {
  if (value.positions.empty()) {
    if (value.element == nullptr) return true;
    for (const dom::element element : array) {
      if (!walk_value(*value.element, element)) return false;
    }
    return true;
  }
  std::size_t index = 0;
  for (const dom::element element : array) {
    if (index == value.positions.size() || !walk_value(*value.positions[index], element)) return false;
    ++index;
  }
  return index >= value.positions_least;
}

}  // namespace logdist::codec
