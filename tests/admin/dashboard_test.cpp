// The dashboard's files, as a browser gets them.
#include <gmock/gmock.h>

#include <regex>
#include <set>

#include "tests/admin/admin_fixture.hpp"

namespace logdist::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Dashboard : public AdminTest {
 protected:
  Reply get(const std::string& path) {
    const auto reply = connect().get(path);
    EXPECT_TRUE(reply) << path;
    return reply.value_or(Reply());
  }

  /// What `body` refers to in quotes: src, href, imports.
  static std::set<std::string> references(const std::string& body) {
    static const std::regex reference(R"re((?:src=|href=|from )["']([^"']+)["'])re");
    std::set<std::string> found;
    for (std::sregex_iterator match(body.begin(), body.end(), reference), end; match != end; ++match) {
      found.insert((*match)[1]);
    }
    return found;
  }
};

TEST_F(Dashboard, IsAPageThatMayUseOnlyThisPort) {
  start();
  const Reply page = get("/");
  EXPECT_EQ(page.result_int(), 200u);
  EXPECT_EQ(page[http::field::content_type], "text/html; charset=utf-8");
  EXPECT_EQ(page["X-Content-Type-Options"], "nosniff");
  const std::string policy(page["Content-Security-Policy"]);
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'self'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

TEST_F(Dashboard, HasNothingThatItsPolicyForbids) {
  start();
  const std::string page = get("/").body();
  EXPECT_THAT(page, Not(HasSubstr("<style")));
  EXPECT_THAT(page, Not(HasSubstr(" style=")));
  EXPECT_FALSE(std::regex_search(page, std::regex(R"(<script[^>]*>[^<])"))) << "a script in the page";
  EXPECT_FALSE(std::regex_search(page, std::regex(R"( on[a-z]+=)"))) << "a handler in the page";
}

TEST_F(Dashboard, AllItRefersToIsHere) {
  start();
  std::set<std::string> seen;
  std::set<std::string> wanted{"/"};
  while (!wanted.empty()) {
    const std::string path = wanted.extract(wanted.begin()).value();
    if (path.starts_with('#') || path == "/v1/events" || !seen.insert(path).second) continue;
    ASSERT_TRUE(path.starts_with('/')) << path << " is elsewhere";
    const Reply reply = get(path);
    EXPECT_EQ(reply.result_int(), 200u) << path;
    EXPECT_THAT(reply.body(), Not(IsEmpty())) << path;
    for (std::string reference : references(reply.body())) {
      if (reference.starts_with("./")) reference.erase(0, 1);
      wanted.insert(reference);
    }
  }
  for (const std::string path : {"/dashboard.mjs", "/dashboard_words.mjs", "/dashboard.css", "/dashboard.svg",
                                 "/healthz", "/readyz", "/metrics", "/v1/status"}) {
    EXPECT_TRUE(seen.contains(path)) << path;
  }
}

TEST_F(Dashboard, ItsFilesHaveTheirTypes) {
  start();
  EXPECT_EQ(get("/dashboard.mjs")[http::field::content_type], "text/javascript; charset=utf-8");
  EXPECT_EQ(get("/dashboard.css")[http::field::content_type], "text/css; charset=utf-8");
  EXPECT_EQ(get("/dashboard.svg")[http::field::content_type], "image/svg+xml");
  EXPECT_EQ(get("/dashboard.js").result_int(), 404u);
}

}  // namespace
}  // namespace logdist::admin
