// Format::gelf: a GELF object, or several, one behind the other.
#include "codec/json_layout.hpp"

namespace logdist::codec {
namespace {

constexpr LayoutValue gelf_message{.name = "a GELF message", .kinds = {Kind::object}, .counted = {Kind::object}};

}  // namespace

const Layout gelf_layout{.root = &gelf_message, .in_a_row = true};

}  // namespace logdist::codec
