// Counts the messages of a body by a layout, as JsonScan passes them.
#pragma once

#include <cstdint>

#include "codec/json_layout.hpp"
#include "logdist/codec/json/json_scan.hpp"

namespace logdist::codec {

/// Only ever says yes: false means that LayoutReader must look. Confined to one thread.
class LayoutWalk {
 public:
  /// Of the text that `scan`, which outlives it, is at the beginning of.
  explicit LayoutWalk(JsonScan& scan) : scan_(scan) {}

  /// Passes the next value of the body; false when it is not what the layout wants.
  bool walk(const LayoutValue& root);

  /// Of the whole body.
  std::uint32_t messages() const;
  /// The index of the member of an object that was found last.
  std::size_t member() const { return member_; }

 private:
  bool walk_value(const LayoutValue& value);
  bool walk_object(const LayoutValue& value);
  bool walk_member(const LayoutValue& value, std::uint32_t& seen);
  bool walk_array(const LayoutValue& value);
  bool walk_positions(const LayoutValue& value);
  bool walk_envelope(const LayoutValue& value);

  JsonScan& scan_;
  std::uint32_t messages_ = 0;
  std::uint32_t roots_ = 0;
  std::uint64_t members_ = 0;       ///< of the object that was walked last, where the layout names any
  std::uint64_t root_members_ = 0;  ///< the same of all roots
  std::uint32_t envelopes_ = 0;
  std::uint32_t enveloped_ = 0;      ///< in them
  bool envelope_of_others_ = false;  ///< one of them has what is no message
  std::size_t member_ = 0;
};

}  // namespace logdist::codec
