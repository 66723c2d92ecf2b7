#include "logdist/ingest/dialects/forwarded_headers.hpp"

#include <gtest/gtest.h>

namespace logdist::ingest {
namespace {

std::string target(std::string_view path, std::string_view query) {
  std::string out;
  append_target(out, path, query);
  return out;
}

TEST(ForwardedHeaders, TheTargetHasNoSecrets) {
  EXPECT_EQ(target("/a/_bulk", ""), "/a/_bulk");
  EXPECT_EQ(target("/a/_bulk", "pipeline=x&refresh=false"), "/a/_bulk?pipeline=x&refresh=false");
  EXPECT_EQ(target("/r", "token=secret&host=h"), "/r?host=h");
  EXPECT_EQ(target("/r", "host=h&Token=secret"), "/r?host=h");
  EXPECT_EQ(target("/r", "%74oken=secret"), "/r");
  EXPECT_EQ(target("/r", "dd%2dapi%2Dkey=k&api_key=k&ddsource=x"), "/r?ddsource=x");
  EXPECT_EQ(target("/r", "a=1;token=k;b=2"), "/r?a=1;b=2") << "an old separator";
  EXPECT_EQ(target("/r", "tokens=1&x=token"), "/r?tokens=1&x=token") << "other names";
  EXPECT_EQ(target("/r", "a=%zz&%"), "/r?a=%zz&%");
  EXPECT_EQ(target("/r", "token"), "/r");
}

TEST(ForwardedHeaders, OnlyThoseOfTheListAreKept) {
  std::string out;
  ASSERT_TRUE(append_kept_headers(out,
                                  "Host: a\r\nX-Scope-OrgID:  t1 \r\nAuthorization: Splunk T\r\nce-id: 7\r\n"
                                  "DD-API-KEY: k\r\nX-Amz-Firehose-Access-Key: k\r\nx-syslog-host: vm\r\n"
                                  "X-Amz-Firehose-Request-Id: r\r\nX-Splunk-Request-Channel: c\r\nX-Scope: no\r\n"
                                  "Logplex-Drain-Token: d.1\r\nCEllar: no\r\nDD-EVP-ORIGIN: o\r\n"));
  EXPECT_EQ(out,
            "X-Scope-OrgID: t1\r\nce-id: 7\r\nx-syslog-host: vm\r\nX-Amz-Firehose-Request-Id: r\r\n"
            "X-Splunk-Request-Channel: c\r\nLogplex-Drain-Token: d.1\r\nDD-EVP-ORIGIN: o\r\n");
}

TEST(ForwardedHeaders, ViaIsKeptInItsOrder) {
  std::string out;
  ASSERT_TRUE(append_via(out, "Via: 1.1 a, 1.0 b\r\nX-Via: no\r\nHost: h\r\nvia:  1.1 c (x)\r\n"));
  EXPECT_EQ(out, "Via: 1.1 a, 1.0 b\r\nvia: 1.1 c (x)\r\n");
  EXPECT_FALSE(append_via(out, "Via: " + std::string(kept_headers_bytes_max, 'a') + "\r\n"));
}

TEST(ForwardedHeaders, AreBounded) {
  const std::string line = "ce-x: " + std::string(1000, 'v') + "\r\n";
  std::string out;
  EXPECT_TRUE(append_kept_headers(out, line + line + line + line));
  EXPECT_FALSE(append_kept_headers(out, line + line + line + line + line));
}

}  // namespace
}  // namespace logdist::ingest
