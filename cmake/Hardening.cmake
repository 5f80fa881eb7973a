# Hardening of release builds. Sanitized builds leave it out: the two get in each other's way.
add_library(wc_hardening INTERFACE)

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT WC_SANITIZE)
    target_compile_options(wc_hardening INTERFACE
        -U_FORTIFY_SOURCE
        -D_FORTIFY_SOURCE=2
        -fstack-protector-strong
        -fstack-clash-protection
        -fcf-protection)
    target_link_options(wc_hardening INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()

# -fPIE and -pie for programs.
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
