# Third-party libraries, all from the distribution. Only common/io and the shells link to them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS SSL Crypto)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv>=1.44)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal>=2.30)
# For x86 only, and not needed: without it OpenSSL seals the datagrams.
find_library(WC_IPSEC_MB IPSec_MB)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(WIM REQUIRED IMPORTED_TARGET wimlib>=1.13)
# The two that libwim brings along anyway.
pkg_check_modules(NTFS REQUIRED IMPORTED_TARGET libntfs-3g>=2017.3.23)
pkg_check_modules(XML REQUIRED IMPORTED_TARGET libxml-2.0>=2.9)
if(WC_TESTS)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka>=1.1.5)
endif()
