// What is said of files that cannot be used.
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <openssl/pem.h>

#include "tests/net/tls/tls_ends.hpp"

namespace logdist::net {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class PemFiles : public testing::Test {
 protected:
  /// "key: message", or nothing.
  std::string problem() const {
    const auto prepared = ServerTls::prepare(files_.port, 1);
    return prepared ? "" : prepared.error().key + ": " + prepared.error().message;
  }
  std::vector<TlsProblem> doubts() const {
    std::vector<TlsProblem> doubts;
    EXPECT_TRUE(ServerTls::prepare(files_.port, 1, &doubts));
    return doubts;
  }
  void use(const logdist::test::CertificateSpec& spec) {
    const auto files = files_.issue("special", spec);
    files_.port.certificate = files[0];
    files_.port.key = files[1];
  }

  test::TlsFiles files_;
};

TEST_F(PemFiles, AreGood) {
  EXPECT_EQ(problem(), "");
  EXPECT_THAT(doubts(), IsEmpty());
}

TEST_F(PemFiles, AreNotThere) {
  files_.port.certificate = files_.folder.file("none.pem");
  EXPECT_EQ(problem(), "certificate: cannot read " + files_.port.certificate + ": No such file or directory");
}

TEST_F(PemFiles, AreNoFiles) {
  files_.port.certificate = files_.folder.file("pipe");
  ASSERT_EQ(::mkfifo(files_.port.certificate.c_str(), 0600), 0);
  EXPECT_EQ(problem(), "certificate: " + files_.port.certificate + " is not a file of at most 4MiB");
  files_.port.certificate = files_.folder.path();
  EXPECT_THAT(problem(), HasSubstr("is not a file"));
}

TEST_F(PemFiles, HaveSomethingElseInThem) {
  files_.port.certificate = files_.folder.write("text.pem", "not a certificate, but a s3cret\n");
  EXPECT_EQ(problem(), "certificate: " + files_.port.certificate + " has no certificate in PEM form");
  files_.port.certificate =
      files_.folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\ns3cret\n-----END CERTIFICATE-----\n");
  EXPECT_EQ(problem(), "certificate: " + files_.port.certificate + " has a broken certificate");
}

TEST_F(PemFiles, OfAKeyThatIsNone) {
  files_.port.key = files_.folder.write("text.key", "s3cret\n");
  EXPECT_EQ(problem(), "key: " + files_.port.key + " has no private key in PEM form");
}

TEST_F(PemFiles, OfTheKeyOfAnother) {
  files_.port.key = files_.issue("other")[1];
  EXPECT_EQ(problem(),
            "key: " + files_.port.key + " is not the key of the first certificate in " + files_.port.certificate);
}

TEST_F(PemFiles, OfAKeyWithAPassphraseAskNobodyForIt) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  files_.port.key = files_.folder.file("locked.key");
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(files_.port.key.c_str(), "wb"), std::fclose);
  std::string passphrase = "s3cret";
  ASSERT_EQ(PEM_write_PrivateKey(file.get(), key.get(), EVP_aes_256_cbc(),
                                 reinterpret_cast<const unsigned char*>(passphrase.data()),
                                 static_cast<int>(passphrase.size()), nullptr, nullptr),
            1);
  std::fflush(file.get());
  EXPECT_EQ(problem(), "key: " + files_.port.key + " is encrypted; allowed: a key without a passphrase");
}

TEST_F(PemFiles, OfAKeyThatIsTooWeak) {
  logdist::test::CertificateSpec spec;
  spec.rsa_bits = 1024;
  use(spec);
  EXPECT_EQ(problem(), "certificate: " + files_.port.certificate + " cannot be used: ee key too small");
}

TEST_F(PemFiles, OfClientCasAreReadOnlyWhereTheyAreUsed) {
  files_.port.client_ca = files_.folder.file("none.pem");
  EXPECT_EQ(problem(), "");
  files_.port.client_auth = config::ClientAuth::optional;
  EXPECT_EQ(problem(), "client_ca: cannot read " + files_.port.client_ca + ": No such file or directory");
}

TEST_F(PemFiles, AnExpiredCertificateIsADoubt) {
  logdist::test::CertificateSpec spec;
  spec.valid_from_s = -7200;
  spec.valid_for_s = -3600;
  use(spec);
  ASSERT_THAT(doubts(), SizeIs(1));
  EXPECT_EQ(doubts()[0].key, "certificate");
  EXPECT_THAT(doubts()[0].message, HasSubstr(" has expired, on 20"));
}

TEST_F(PemFiles, SoIsOneThatIsNotValidYetAndOneWithoutAName) {
  logdist::test::CertificateSpec spec;
  spec.valid_from_s = 3600;
  spec.names.clear();
  use(spec);
  ASSERT_THAT(doubts(), SizeIs(2));
  EXPECT_THAT(doubts()[0].message, HasSubstr(" is not valid before 20"));
  EXPECT_THAT(doubts()[1].message, HasSubstr(" has no subject alternative name"));
}

TEST_F(PemFiles, TheExpiryIsThatOfTheCertificate) {
  const std::time_t before = std::time(nullptr);
  const auto server = files_.server();
  EXPECT_GE(server->expiry(), before + 30L * 24 * 3600 - 1);
  EXPECT_LE(server->expiry(), std::time(nullptr) + 30L * 24 * 3600 + 1);
}

}  // namespace
}  // namespace logdist::net
