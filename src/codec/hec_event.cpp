// Format::hec_event: Splunk's events, one behind the other, or in arrays.
#include "codec/json_layout.hpp"

namespace logdist::codec {
namespace {

constexpr LayoutValue hec_content{.name = "`event`", .kinds = Kinds::any(), .must_not_be_blank = true};
constexpr LayoutMember hec_members[] = {{.key = "event",
                                         .value = &hec_content,
                                         .need = LayoutMember::Need::always,
                                         .missing = DecodeErrorCode::event_missing}};
constexpr LayoutValue hec_element{
    .name = "an event", .kinds = {Kind::object}, .counted = {Kind::object}, .members = hec_members};
constexpr LayoutValue hec_root{.name = "an event",
                               .kinds = {Kind::object, Kind::array},
                               .counted = {Kind::object},
                               .members = hec_members,
                               .element = &hec_element};

}  // namespace

const Layout hec_event_layout{.root = &hec_root, .in_a_row = true};

}  // namespace logdist::codec
