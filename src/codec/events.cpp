// Format::events: what generic appenders send. An object, an array of objects and strings, or several, one
// behind the other; or one object that is only an envelope.
#include "codec/json_layout.hpp"

namespace logdist::codec {
namespace {

constexpr LayoutValue events_message{
    .name = "an event", .kinds = {Kind::object, Kind::string}, .counted = {Kind::object, Kind::string}};
constexpr LayoutValue events_enveloped{
    .name = "an event", .kinds = {Kind::object, Kind::string}, .envelope = LayoutValue::Envelope::element};
constexpr LayoutValue events_array{.name = "the events",
                                   .kinds = Kinds::any(),
                                   .element = &events_enveloped,
                                   .envelope = LayoutValue::Envelope::array};
constexpr LayoutMember events_members[] = {{.key = "logs", .value = &events_array},
                                           {.key = "messages", .value = &events_array},
                                           {.key = "events", .value = &events_array},
                                           {.key = "records", .value = &events_array}};
constexpr LayoutValue events_root{.name = "an event, or the body,",
                                  .kinds = {Kind::object, Kind::array},
                                  .counted = {Kind::object},
                                  .members = events_members,
                                  .element = &events_message};

}  // namespace

const Layout events_layout{.root = &events_root, .in_a_row = true};

}  // namespace logdist::codec
