// Format::firehose: {"records":[{"data":"…"}]}. What is in a record is base64, and not looked at.
#include "codec/json_layout.hpp"

namespace logdist::codec {
namespace {

constexpr LayoutValue firehose_record{.name = "a record", .kinds = {Kind::object}, .counted = {Kind::object}};
constexpr LayoutValue firehose_records{.name = "`records`", .kinds = {Kind::array}, .element = &firehose_record};
constexpr LayoutMember firehose_members[] = {
    {.key = "records", .value = &firehose_records, .need = LayoutMember::Need::unless_empty}};
constexpr LayoutValue firehose_request{.name = "the body", .kinds = {Kind::object}, .members = firehose_members};

}  // namespace

const Layout firehose_layout{.root = &firehose_request, .may_be_empty = true};

}  // namespace logdist::codec
