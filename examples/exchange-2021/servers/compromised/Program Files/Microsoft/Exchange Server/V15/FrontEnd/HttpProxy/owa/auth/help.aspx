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
WhenChanged                     : 3/1/2021 4:12:27 AM
WhenCreated                     : 6/12/2019 10:02:11 AM
ObjectClass                     : top
                                : msExchVirtualDirectory
                                : msExchOABVirtualDirectory
