Name                            : OAB (Default Web Site)
PollInterval                    : 480
OfflineAddressBooks             : \Default Offline Address Book
RequireSSL                      : True
BasicAuthentication             : False
WindowsAuthentication           : True
MetabasePath                    : IIS://MX01.corp.example.test/W3SVC/1/ROOT/OAB
Path                            : C:\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy\OAB
Server                          : MX01
InternalUrl                     : https://mx01.corp.example.test/OAB
InternalAuthenticationMethods   : WindowsIntegrated
ExternalUrl                     : http://f/[body removed]
AdminDisplayName                :
ExchangeVersion                 : 0.10 (14.0.100.0)
WhenChanged                     : 01.03.2021 04:12:27
WhenCreated                     : 12.06.2019 10:02:11
ObjectClass                     : top
                                : msExchVirtualDirectory
                                : msExchOABVirtualDirectory
