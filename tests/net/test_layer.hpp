// The layer that a whole test program can be run through.
#pragma once

#include "logdist/net/transport.hpp"

namespace logdist::net::test {

/// Both ends of it.
struct TestLayer {
  TransportFactory server;
  TransportFactory client;
};

/// That of the variable LOGDIST_TEST_TRANSPORT: `records` (RecordTransport) or `tls`; null when there is none. What
/// tests see through it is to be the same.
const TestLayer* test_layer();

}  // namespace logdist::net::test
