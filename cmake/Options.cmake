# What a person may choose, and the defaults: an optimised build with asserts kept on.
option(WC_WERROR "Treat warnings as errors" OFF)
option(WC_TESTS "Build and register the tests" ON)
option(WC_FUZZ "Build the fuzz targets, and only them, with libFuzzer (needs clang)" OFF)
set(WC_SANITIZE "" CACHE STRING "Value of -fsanitize=, for example address,undefined or thread")
set(WC_FUZZ_SECONDS 10 CACHE STRING "How long ctest runs each libFuzzer target")
set(WC_FUZZ_MUTATIONS 2000 CACHE STRING "Mutated inputs per fuzz target without libFuzzer")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# No NDEBUG: an assert that fails is our bug, and a user's data is worth more than the branch.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-Og -g3")
