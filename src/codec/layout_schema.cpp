#include "codec/layout_schema.hpp"

#include <utility>

#include <fmt/format.h>

#include "logdist/base/check.hpp"

namespace logdist::codec {
namespace {

constexpr Kind all_kinds[] = {Kind::object, Kind::array, Kind::string, Kind::number, Kind::boolean, Kind::null};

std::string names_of(Kinds kinds) {
  std::string names;
  for (const Kind kind : all_kinds) {
    if (!kinds.has(kind)) continue;
    if (!names.empty()) names += " or ";
    names += name_of(kind);
  }
  return names;
}

std::string keys_of(const LayoutValue& value) {
  std::string keys;
  for (const LayoutMember& member : value.members) keys += fmt::format("{}`{}`", keys.empty() ? "" : ", ", member.key);
  return keys;
}

}  // namespace

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::object: return "an object";
    case Kind::array: return "an array";
    case Kind::string: return "a string";
    case Kind::number: return "a number";
    case Kind::boolean: return "a boolean";
    case Kind::null: return "null";
  }
  check_failed("a known value", __FILE__, __LINE__);
}

/// Sets what the layout says of the value that begins; nothing: null.
bool LayoutSchema::next(const LayoutValue*& value) {
  if (level_count_ == 0) {
    value = layout_->root;
    return true;
  }
  Level& level = levels_[level_count_ - 1];
  if (!level.value->positions.empty()) {
    if (level.index == level.value->positions.size()) {
      return refuse(fmt::format("{} has at most {} elements", level.value->name, level.value->positions.size()));
    }
    value = level.value->positions[level.index++];
    return true;
  }
  value = level.array ? level.value->element : member_;
  return true;
}

bool LayoutSchema::admit(const LayoutValue& value, Kind kind, bool blank) {
  if (!value.kinds.has(kind)) {
    if (value.envelope == LayoutValue::Envelope::element) {
      envelope_of_others_ = true;
      return true;
    }
    return refuse(fmt::format("{} must be {}; it is {}", value.name, names_of(value.kinds), name_of(kind)));
  }
  if (value.must_not_be_blank && blank) {
    return refuse(fmt::format("{} is blank", value.name), DecodeErrorCode::event_blank);
  }
  if (value.envelope == LayoutValue::Envelope::array && kind == Kind::array) ++envelopes_;
  if (value.envelope == LayoutValue::Envelope::element) ++enveloped_;
  return true;
}

bool LayoutSchema::begin(Kind container) {
  const LayoutValue* value = nullptr;
  if (at_level() && (!next(value) || (value != nullptr && !admit(*value, container, false)))) return false;
  ++depth_;
  if (value != nullptr) levels_[level_count_++] = Level{value, container == Kind::array};
  return true;
}

bool LayoutSchema::end(Kind container) {
  if (at_level()) {
    const Level& level = levels_[level_count_ - 1];
    if (container == Kind::object && !complete_object(level)) return false;
    if (level.index < level.value->positions_least) {
      return refuse(fmt::format("{} has at least {} elements", level.value->name, level.value->positions_least));
    }
    if (level.value->counted.has(container) && (level.value->counted_empty || !level.empty)) ++messages_;
    --level_count_;
  }
  if (--depth_ == 0) ++roots_;
  return true;
}

/// An object has ended: whether it has what it must.
bool LayoutSchema::complete_object(const Level& level) {
  const LayoutValue& value = *level.value;
  if (value.exactly_one_member && level.seen == 0) {
    return refuse(fmt::format("{} must have exactly one of {}", value.name, keys_of(value)));
  }
  for (std::size_t i = 0; i < value.members.size(); ++i) {
    const LayoutMember& member = value.members[i];
    const bool needed =
        member.need == LayoutMember::Need::always || (member.need == LayoutMember::Need::unless_empty && !level.empty);
    if (needed && (level.seen & 1U << i) == 0) {
      return refuse(fmt::format("{} has no `{}`", value.name, member.key), member.missing);
    }
  }
  return true;
}

bool LayoutSchema::scalar(Kind kind) {
  if (!at_level()) return true;
  const LayoutValue* value = nullptr;
  if (!next(value)) return false;
  if (value == nullptr) return true;
  if (!admit(*value, kind, kind == Kind::null)) return false;
  if (value->counted.has(kind)) ++messages_;
  return true;
}

bool LayoutSchema::string(std::string_view unescaped) {
  if (!at_level()) return true;
  const LayoutValue* value = nullptr;
  if (!next(value)) return false;
  if (value == nullptr) return true;
  if (!admit(*value, Kind::string, unescaped.empty() && value->must_not_be_blank)) return false;
  if (value->counted.has(Kind::string)) ++messages_;
  return true;
}

bool LayoutSchema::key(std::string_view unescaped) {
  if (!at_level()) return true;
  Level& level = levels_[level_count_ - 1];
  const LayoutValue& value = *level.value;
  const bool first = std::exchange(level.empty, false);
  if (level_count_ == 1) ++root_members_;
  const std::size_t i = find_member(value, unescaped);
  const bool known = i < value.members.size();
  member_ = known ? value.members[i].value : nullptr;
  if (value.exactly_one_member && (!known || !first)) {
    return refuse(fmt::format("{} must have exactly one of {}", value.name, keys_of(value)));
  }
  if (!known) return true;
  const auto bit = static_cast<std::uint8_t>(1U << i);
  if ((level.seen & bit) != 0 && member_->envelope == LayoutValue::Envelope::no) {
    return refuse(fmt::format("`{}` is given twice", unescaped));
  }
  level.seen = static_cast<std::uint8_t>(level.seen | bit);
  if (level_count_ == 1) root_member_ = i;
  return true;
}

bool LayoutSchema::finish() {
  const bool envelope = roots_ == 1 && envelopes_ == 1 && !envelope_of_others_;
  if (envelope && (enveloped_ > 0 || root_members_ == 1)) messages_ = enveloped_;
  if (messages_ == 0 && !layout_->may_be_empty) return refuse("there are no messages", DecodeErrorCode::no_data);
  return true;
}

bool LayoutSchema::refuse(std::string detail, DecodeErrorCode code) {
  violation_ = Violation{code, std::move(detail)};
  return false;
}

}  // namespace logdist::codec
