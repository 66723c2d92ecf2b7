// Counts the messages in simdjson's tree by a layout.
#pragma once

#include <cstdint>

#include <simdjson.h>

#include "codec/json_layout.hpp"

namespace logdist::codec {

/// Only ever says yes: false means that LayoutReader must look. Confined to one thread.
class LayoutWalk {
 public:
  /// Whether `element`, the next value of the body, is what the layout wants.
  bool walk(const LayoutValue& root, const simdjson::dom::element& element);

  /// Of the whole body.
  std::uint32_t messages() const;
  /// The index of the member of an object that was found last.
  std::size_t member() const { return member_; }

 private:
  bool walk_value(const LayoutValue& value, const simdjson::dom::element& element);
  bool walk_object(const LayoutValue& value, const simdjson::dom::object& object);
  bool walk_array(const LayoutValue& value, const simdjson::dom::array& array);
  void walk_envelope(const LayoutValue& value, const simdjson::dom::array& array);

  std::uint32_t messages_ = 0;
  std::uint32_t roots_ = 0;
  std::uint64_t root_members_ = 0;  ///< of all roots
  std::uint32_t envelopes_ = 0;
  std::uint32_t enveloped_ = 0;      ///< in them
  bool envelope_of_others_ = false;  ///< one of them has what is no message
  std::size_t member_ = 0;
};

}  // namespace logdist::codec
