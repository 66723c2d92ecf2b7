// Whether the files of the configuration's `tls` sections can be used.
#pragma once

#include "logdist/config/load.hpp"

namespace logdist::net {

/// Adds an error for each file that a start or a reload would refuse, and a warning for what is hardly meant: an
/// expired certificate. Says nothing of sections that have errors already. Reads the files, which may block.
void check_tls(config::Loaded& loaded);

}  // namespace logdist::net
