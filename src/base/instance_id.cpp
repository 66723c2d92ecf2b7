#include "logdist/base/instance_id.hpp"

#include <fmt/format.h>

namespace logdist {

InstanceId::InstanceId(Random& random) : via_name_(fmt::format("{}{:016x}", prefix, random.next())) {}

}  // namespace logdist
