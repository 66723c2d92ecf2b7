# What is installed, and the Debian package made of it by scripts/package.
include(GNUInstallDirs)

# The package's configuration: the full example, which keeps its dead letters.
file(READ ${PROJECT_SOURCE_DIR}/config/log-distributor.yaml packaged_configuration)
foreach(change
    "dead_letter: \"\" +#|dead_letter: /var/lib/log-distributor/dead-letters.jsonl  #"
    "[$]schema=log-distributor|$schema=/usr/share/log-distributor/log-distributor")
  string(REGEX REPLACE "[|].*" "" was "${change}")
  string(REGEX REPLACE ".*[|]" "" becomes "${change}")
  if(NOT packaged_configuration MATCHES "${was}")
    message(FATAL_ERROR "config/log-distributor.yaml has no `${was}`, for which the package wants another value")
  endif()
  string(REGEX REPLACE "${was}" "${becomes}" packaged_configuration "${packaged_configuration}")
endforeach()
set(packaged ${PROJECT_BINARY_DIR}/packaged)
file(WRITE ${packaged}/log-distributor.yaml "${packaged_configuration}")
file(WRITE ${packaged}/conffiles "/etc/default/log-distributor\n/etc/log-distributor/log-distributor.yaml\n")

foreach(page log-distributor.1 log-distributor.yaml.5)
  execute_process(COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/config/man/${page}
    OUTPUT_FILE ${packaged}/${page}.gz COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/config/man/${page})
endforeach()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/config/log-distributor.yaml)

# The changelog's first line names the version that is packaged.
file(STRINGS ${PROJECT_SOURCE_DIR}/cmake/package/changelog changelog_head LIMIT_COUNT 1)
if(NOT changelog_head MATCHES "^log-distributor \\(${PROJECT_VERSION}\\) ")
  message(FATAL_ERROR "cmake/package/changelog begins with `${changelog_head}`, not with version ${PROJECT_VERSION}")
endif()
execute_process(COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/cmake/package/changelog
  OUTPUT_FILE ${packaged}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/package/changelog)

install(TARGETS log-distributor RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${packaged}/log-distributor.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${packaged}/log-distributor.yaml.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES config/completions/log-distributor.bash RENAME log-distributor
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES config/completions/_log-distributor DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES config/log-distributor.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/log-distributor)
install(FILES README.md cmake/package/copyright ${packaged}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})
file(GLOB manuals ${PROJECT_SOURCE_DIR}/docs/*.md)
install(FILES ${manuals} DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(FILES config/minimal.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
# Where a system looks for them, whatever the prefix: part of the package only.
install(FILES config/systemd/log-distributor.service config/systemd/log-distributor.socket
  DESTINATION /lib/systemd/system COMPONENT system EXCLUDE_FROM_ALL)
install(FILES ${packaged}/log-distributor.yaml DESTINATION /etc/log-distributor COMPONENT system EXCLUDE_FROM_ALL)
install(FILES cmake/package/default RENAME log-distributor DESTINATION /etc/default COMPONENT system EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME log-distributor)
set(CPACK_PACKAGE_CONTACT "Log Distributor maintainers <maintainers@log-distributor.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "shares log packets over analyzers by message weight")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "Takes packets of log messages from agents over HTTP and shares them over
analyzers by weight, in messages, exact at every packet. Packets are validated,
queued within bounds, forwarded byte for byte at least once, rerouted around
analyzers that fail, and accounted for.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_CMAKE_PROJECTS
  "${PROJECT_BINARY_DIR};log-distributor;ALL;/" "${PROJECT_BINARY_DIR};log-distributor;system;/")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${packaged}/conffiles
  ${PROJECT_SOURCE_DIR}/cmake/package/postinst
  ${PROJECT_SOURCE_DIR}/cmake/package/prerm
  ${PROJECT_SOURCE_DIR}/cmake/package/postrm)
include(CPack)
