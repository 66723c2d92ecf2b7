// The file of admin.tokens: who is in it, and what is wrong with it.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "logdist/auth/admin_tokens.hpp"
#include "tests/auth/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::auth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsNull;
using testing::Not;

/// What is wrong with `text`, a line each.
std::string errors_of(const std::string& text) {
  const AdminTokensFile file = parse_admin_tokens(text, "t.yaml");
  std::string joined;
  for (const std::string& line : lines(file.errors)) joined += line + "\n";
  EXPECT_EQ(joined.empty(), !file.tokens.entries().empty()) << "tokens of a broken file, or none of a good one";
  return joined;
}

TEST(AdminTokens, FindsWhoseATokenIs) {
  const AdminTokensFile file = parse_admin_tokens("- name: prometheus\n  role: read\n  token_sha256: " + digest("one") +
                                                      "\n- {name: ops.1, role: operate, token_sha256: [" +
                                                      digest("two") + ", " + digest("three") + "]}\n",
                                                  "t.yaml");
  EXPECT_THAT(lines(file.errors), IsEmpty());
  ASSERT_EQ(file.tokens.entries().size(), 2u);
  EXPECT_EQ(file.tokens.find("one")->name, "prometheus");
  EXPECT_EQ(file.tokens.find("one")->role, Role::read);
  for (const char* token : {"two", "three"}) {
    ASSERT_THAT(file.tokens.find(token), Not(IsNull()));
    EXPECT_EQ(file.tokens.find(token)->name, "ops.1");
    EXPECT_EQ(file.tokens.find(token)->role, Role::operate);
  }
  for (const std::string& other :
       {std::string("four"), std::string(), digest("one"), std::string("one "), std::string("ONE")}) {
    EXPECT_THAT(file.tokens.find(other), IsNull()) << other;
  }
  EXPECT_THAT(AdminTokens().find(""), IsNull());
}

TEST(AdminTokens, TellsAllThatIsWrongWithItsLine) {
  const std::string good = digest("good");
  EXPECT_EQ(
      errors_of(
          "- name: a b\n  role: admin\n  token_sha256: 1234\n  toke: x\n- name: b\n- c\n- name: b\n  role: read\n  "
          "role: read\n  token_sha256: []\n- {name: e, role: read, token_sha256: [" +
          good + ", " + good + "]}\n"),
      "t.yaml:1: [0].name: is no name; allowed: 1 to 64 of letters, digits, _, . and -\n"
      "t.yaml:2: [0].role: is no role; allowed: read or operate\n"
      "t.yaml:3: [0].token_sha256: is no SHA-256 digest of a token; allowed: the 64 hexadecimal digits that "
      "`log-distributor token` prints, or a list of them\n"
      "t.yaml:4: [0]: has an unknown key; allowed: name, role and token_sha256\n"
      "t.yaml:5: [1].role: is missing\n"
      "t.yaml:5: [1].token_sha256: is missing\n"
      "t.yaml:6: [2]: is no entry; allowed: name, role and token_sha256\n"
      "t.yaml:7: [3].name: is also the name on line 5; allowed: a unique name\n"
      "t.yaml:9: [3].role: is given twice; allowed: once\n"
      "t.yaml:10: [3].token_sha256: is empty; allowed: the 64 hexadecimal digits that `log-distributor token` "
      "prints, or a list of them\n"
      "t.yaml:11: [4].token_sha256: is also the digest on line 11; allowed: a token for each\n");
  EXPECT_THAT(errors_of("- {name: {}, role: [read], token_sha256: {}}"), HasSubstr("[0].name: is no name"));
  EXPECT_THAT(errors_of("- {name: , role: , token_sha256: }"), HasSubstr("[0].token_sha256: is no SHA-256"));
}

TEST(AdminTokens, AFileWithoutTokensIsBroken) {
  for (const char* text : {"", "[]", "{}", "tokens: []", "a", "# nothing\n"}) {
    EXPECT_THAT(errors_of(text), HasSubstr("has no list of tokens")) << text;
  }
}

TEST(AdminTokens, QuotesNothingOfTheFile) {
  const std::string secret = "ld_s3cret";
  for (const std::string& text :
       {"- " + secret, secret, "- {name: '" + secret + " x', role: " + secret + ", token_sha256: " + secret + "}",
        "- {" + secret + ": 1}", "- *" + secret, "- !" + secret + " [", "- &" + secret + " [*" + secret + "]",
        "- \"" + secret, "%" + secret + "\n---\n-", "[" + secret + "]: 1",
        "- {name: a, token_sha256: [" + secret + "]}"}) {
    EXPECT_THAT(errors_of(text), Not(HasSubstr("s3cret"))) << text;
  }
}

TEST(AdminTokens, OnlyOthersRightsAreAWarning) {
  const test::TemporaryFolder folder;
  const std::string path =
      folder.write("tokens.yaml", "- {name: a, role: read, token_sha256: " + digest("one") + "}\n");
  using std::filesystem::perms;
  const auto warnings = [&](unsigned mode) {
    std::filesystem::permissions(path, static_cast<perms>(mode));
    const AdminTokensFile file = read_admin_tokens(path);
    EXPECT_THAT(lines(file.errors), IsEmpty());
    EXPECT_THAT(file.tokens.find("one"), Not(IsNull()));
    return lines(file.warnings);
  };
  EXPECT_THAT(warnings(0600), IsEmpty());
  EXPECT_THAT(warnings(0640), IsEmpty());
  EXPECT_THAT(warnings(0644), ElementsAre(path + ": others may read or change it (mode 0644); better: chmod 640"));
  EXPECT_THAT(warnings(0660), ElementsAre(HasSubstr("mode 0660")));
  EXPECT_THAT(warnings(0602), ElementsAre(HasSubstr("mode 0602")));
}

TEST(AdminTokens, AFileThatCannotBeReadIsAnError) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(lines(read_admin_tokens(folder.file("none")).errors),
              ElementsAre(folder.file("none") + ": cannot be read: No such file or directory"));
  EXPECT_THAT(lines(read_admin_tokens(folder.path()).errors),
              ElementsAre(folder.path() + ": cannot be read: Is a directory"));
  EXPECT_THAT(lines(read_admin_tokens("/dev/null").errors), ElementsAre(HasSubstr("cannot be read")));
  const std::string large = folder.write("large", std::string((1 << 20) + 1, ' '));
  EXPECT_THAT(lines(read_admin_tokens(large).errors), ElementsAre(HasSubstr("is larger than 1MiB")));
}

TEST(AdminTokens, AreCheckedWithTheConfiguration) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("tokens.yaml", "- {name: a, role: read}\n");
  config::Loaded loaded =
      config::load_text("analyzers: [{name: a, url: 'http://a:1/'}]\nadmin:\n  tokens: " + path + "\n", "f.yaml", {});
  ASSERT_THAT(lines(loaded.errors), IsEmpty());
  check_admin_tokens(loaded);
  EXPECT_THAT(lines(loaded.errors),
              ElementsAre("f.yaml:3: admin.tokens: " + path + ":1: [0].token_sha256: is missing"));
  EXPECT_THAT(lines(loaded.warnings), ElementsAre(HasSubstr("f.yaml:3: admin.tokens: " + path + ": others may read")));
}

}  // namespace
}  // namespace logdist::auth
