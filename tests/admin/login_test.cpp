// How a browser logs in to the admin port.
#include <gmock/gmock.h>

#include <string>

#include "tests/admin/admin_fixture.hpp"
#include "tests/admin/scripted_control.hpp"

namespace logdist::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

class Login : public AdminTest {
 protected:
  Login() {
    control_ = &scripted_;
    tokens_ = std::make_shared<const auth::AdminTokens>(std::vector<auth::AdminToken>{
        {"alice", auth::Role::operate, {auth::digest_of("ld_one")}},
        {"odd", auth::Role::read, {auth::digest_of("a+b%c/d="), auth::digest_of("a;b"), auth::digest_of("a b")}}});
    start();
  }

  /// `lines`: fields, each with its CRLF.
  Reply ask(const std::string& method, const std::string& target, const std::string& lines,
            const std::string& body = "") {
    Client client = connect();
    client.send(method + " " + target + " HTTP/1.1\r\nHost: localhost:8081\r\n" + lines +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    const auto reply = client.receive(method == "HEAD");
    EXPECT_TRUE(reply) << method << target;
    return reply.value_or(Reply());
  }
  Reply log_in(const std::string& form, const std::string& lines = "Origin: http://localhost:8081\r\n") {
    return ask("POST", "/login", "Content-Type: application/x-www-form-urlencoded\r\n" + lines, form);
  }
  unsigned status_with(const std::string& cookies, const std::string& lines = "") {
    return ask("GET", "/v1/status", "Cookie: " + cookies + "\r\n" + lines).result_int();
  }

  ScriptedControl scripted_;
};

TEST_F(Login, TheDashboardAsksForATokenInAForm) {
  for (const char* cookie : {"", "Cookie: logdist_token=ld_two\r\n"}) {
    const Reply page = ask("GET", "/", cookie);
    EXPECT_EQ(page.result_int(), 401u);
    EXPECT_EQ(page[http::field::www_authenticate], "Bearer realm=\"log-distributor\"");
    EXPECT_EQ(page[http::field::content_type], "text/html; charset=utf-8");
    EXPECT_THAT(page.body(), HasSubstr("<form method=\"post\" action=\"/login\">"));
    const std::string policy(page["Content-Security-Policy"]);
    EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
    EXPECT_THAT(policy, HasSubstr("form-action 'self'"));
    EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
    EXPECT_EQ(page["Referrer-Policy"], "same-origin") << "else the form's Origin is null";
    EXPECT_EQ(page[http::field::cache_control], "no-store");
  }
  EXPECT_EQ(ask("GET", "/", "Authorization: Bearer ld_two\r\n")[http::field::content_type], "application/problem+json");
  EXPECT_EQ(ask("GET", "/v1/status", "")[http::field::content_type], "application/problem+json");
  for (const char* file : {"/login", "/dashboard.css", "/dashboard.svg"}) {
    EXPECT_EQ(ask("GET", file, "").result_int(), 200u) << file;
  }
}

TEST_F(Login, ATokenBecomesACookieThatScriptsAndOtherSitesDoNotGet) {
  const Reply reply = log_in("token=ld_one");
  EXPECT_EQ(reply.result_int(), 303u);
  EXPECT_EQ(reply[http::field::location], "/");
  EXPECT_EQ(reply[http::field::set_cookie], "logdist_token=ld_one; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_EQ(ask("GET", "/", "Cookie: logdist_token=ld_one\r\n").result_int(), 200u);
  EXPECT_EQ(status_with("a=b; logdist_token=ld_one; c=d"), 200u);
  const std::string change = "Cookie: logdist_token=ld_one\r\nContent-Type: application/json\r\n";
  EXPECT_EQ(ask("POST", "/v1/analyzers/a/drain", change + "Origin: http://localhost:8081\r\n").result_int(), 200u);
  EXPECT_THAT(scripted_.who_, testing::StartsWith("alice from "));
  EXPECT_EQ(ask("POST", "/v1/analyzers/a/drain", change + "Origin: http://localhost:3000\r\n").result_int(), 403u)
      << "another port is the same site to a browser, which sends the cookie along";
}

TEST_F(Login, TheFormsEscapesAreUndone) {
  EXPECT_EQ(log_in("token=a%2Bb%25c%2fd%3D&x=y")[http::field::set_cookie],
            "logdist_token=a+b%c/d=; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_EQ(log_in("x=1&token=ld%5Fone").result_int(), 303u);
}

TEST_F(Login, NobodysTokenIsNoCookie) {
  for (const char* form :
       {"", "token", "token=", "token=ld_two", "tokens=ld_one", "Token=ld_one", "x=token=ld_one", "token=%", "token=%6",
        "token=%zz", "token=a%3Bb", "token=a+b", "token=a%20b", "token=ld_one%0d%0aX: y", "token=%00"}) {
    const Reply reply = log_in(form);
    EXPECT_EQ(reply.result_int(), 401u) << form;
    EXPECT_EQ(reply[http::field::set_cookie], "") << form;
    EXPECT_THAT(reply.body(), HasSubstr("Nobody has this token.")) << form;
    EXPECT_THAT(reply.body(), Not(HasSubstr("ld_"))) << form;
  }
}

TEST_F(Login, NoOtherPageLogsAnybodyIn) {
  for (const char* origin : {"http://evil.example", "null", "http://localhost:3000", "https://localhost:8081"}) {
    const Reply reply = log_in("token=ld_one", std::string("Origin: ") + origin + "\r\n");
    EXPECT_EQ(reply.result_int(), 403u) << origin;
    EXPECT_EQ(reply[http::field::set_cookie], "") << origin;
  }
  EXPECT_EQ(ask("POST", "/login", "Content-Type: text/plain\r\n", "token=ld_one").result_int(), 415u);
  EXPECT_EQ(ask("DELETE", "/login", "").result_int(), 405u);
}

TEST_F(Login, ACookieCountsAsLongAsItsTokenAndBehindAnAuthorization) {
  for (const char* cookies : {"logdist_token=ld_two", "logdist_token=", "logdist_token", "xlogdist_token=ld_one",
                              "a=ld_one", "logdist_token=\"ld_one\""}) {
    EXPECT_EQ(status_with(cookies), 401u) << cookies;
  }
  EXPECT_EQ(status_with("logdist_token=ld_one", "Authorization: Bearer ld_two\r\n"), 401u);
  on_loop([this] { tokens_ = std::make_shared<const auth::AdminTokens>(); });
  EXPECT_EQ(status_with("logdist_token=ld_one"), 401u);
}

TEST_F(Login, WithoutTokensThereIsNothingToLogInTo) {
  on_loop([this] { tokens_ = nullptr; });
  const Reply reply = log_in("token=ld_one");
  EXPECT_EQ(reply.result_int(), 303u);
  EXPECT_EQ(reply[http::field::set_cookie], "");
}

}  // namespace
}  // namespace logdist::admin
