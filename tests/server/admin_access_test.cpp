// Who may use the admin port, through reloads.
#include <gmock/gmock.h>

#include "logdist/server/admin_access.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(AdminHostNames, AreThoseItIsGivenAndListensOn) {
  config::AdminOptions admin;
  EXPECT_THAT(admin_host_names(admin), ElementsAre("127.0.0.1"));
  admin.hosts = "a.example, b";
  admin.listen = {{"c.example", 1}, {"", 0, "/run/s"}, {"10.0.0.1", 2}};
  EXPECT_THAT(admin_host_names(admin), ElementsAre("a.example", "b", "c.example", "10.0.0.1"));
}

class Access : public testing::Test {
 protected:
  std::vector<std::string> prepare(const std::string& token, bool open = false,
                                   const std::vector<config::ListenAddress>& listening = {{"0.0.0.0", 1}}) {
    config::Options options;
    options.admin.open = open;
    if (!token.empty()) {
      const std::string digest = token == "broken" ? "x" : auth::to_text(auth::digest_of(token));
      options.admin.tokens = folder_.write("tokens.yaml", "- {name: a, role: read, token_sha256: " + digest + "}\n");
    }
    return access_.prepare(options, listening);
  }
  bool knows(const std::string& token) const {
    return access_.tokens() != nullptr && access_.tokens()->find(token) != nullptr;
  }

  test::TemporaryFolder folder_;
  AdminAccess access_;
};

TEST_F(Access, NewTokensCountOnceTheyAreUsed) {
  EXPECT_THAT(prepare("one"), IsEmpty());
  EXPECT_EQ(access_.tokens(), nullptr);
  access_.use_prepared();
  EXPECT_TRUE(knows("one"));
  const auto of_a_request = access_.tokens();
  EXPECT_THAT(prepare("two"), IsEmpty());
  EXPECT_TRUE(knows("one"));
  access_.use_prepared();
  EXPECT_FALSE(knows("one"));
  EXPECT_TRUE(knows("two"));
  EXPECT_NE(of_a_request->find("one"), nullptr) << "a request that is under way keeps those it began with";
}

TEST_F(Access, ABrokenFileChangesNothing) {
  EXPECT_THAT(prepare("one"), IsEmpty());
  access_.use_prepared();
  EXPECT_THAT(prepare("broken"), ElementsAre(HasSubstr("admin.tokens: " + folder_.file("tokens.yaml") + ":1: ")));
  EXPECT_TRUE(knows("one"));
}

TEST_F(Access, APortThatOthersReachKeepsItsTokens) {
  EXPECT_THAT(prepare("one"), IsEmpty());
  access_.use_prepared();
  EXPECT_THAT(prepare(""), ElementsAre("admin.tokens: the admin port still listens on 0.0.0.0:1, beyond loopback; "
                                       "allowed: a file, or admin.open: true, or a restart"));
  EXPECT_TRUE(knows("one"));
  EXPECT_THAT(prepare("", true), IsEmpty());
  EXPECT_THAT(prepare("", false, {{"127.0.0.1", 1}, {"", 0, "/run/s"}}), IsEmpty());
  access_.use_prepared();
  EXPECT_EQ(access_.tokens(), nullptr);
}

}  // namespace
}  // namespace logdist::server
