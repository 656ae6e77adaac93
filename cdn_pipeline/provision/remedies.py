"""What to do when AWS refuses something."""

from __future__ import annotations

AGAIN = "run it again: it goes on from there"
WHO = "see which credentials are found with `aws sts get-caller-identity`"
QUOTA = "ask for a higher quota in the Service Quotas console, or remove what is not needed, and run it again"

DENIED = ("AccessDenied", "AccessDeniedException", "AllAccessDisabled", "UnauthorizedOperation", "403")
LATER = (
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "PriorRequestNotComplete",
    "OperationAborted",
    "ServiceUnavailable",
    "SlowDown",
    "InternalError",
    "InternalFailure",
    "RequestTimeout",
    "ConcurrentModification",
    "PreconditionFailed",
)
REMEDIES = {
    "BucketAlreadyExists": "somebody else has a bucket of that name: choose another in targets.NAME.store",
    "InvalidBucketName": "choose another in targets.NAME.store",
    "TooManyBuckets": QUOTA,
    "CNAMEAlreadyExists": (
        "another distribution, here or in another account, has this domain: remove it there, or move it with "
        "`aws cloudfront associate-alias`, and run it again"
    ),
    "DistributionAlreadyExists": (
        "it was made by an earlier run and has lost its tag: give it the tag cdn-pipeline:site again"
    ),
    "InvalidViewerCertificate": "let provision.certificate be an issued one in us-east-1 that has the domain",
    "LimitExceededException": QUOTA,
    "LimitExceeded": QUOTA,
    "NoSuchHostedZone": "write the name or id of a zone of this account in provision.hosted_zone",
    "InvalidChangeBatch": "see the records of the domain in the hosted zone",
    "MalformedPolicy": "see that each of provision.uploaders exists",
    "MalformedPolicyDocument": "see that each of provision.deployers and pruners exists",
    "ExpiredToken": "get new credentials, and run it again: it goes on from there",
    "ExpiredTokenException": "get new credentials, and run it again: it goes on from there",
    "InvalidClientTokenId": WHO,
    "SignatureDoesNotMatch": WHO,
    "UnrecognizedClientException": WHO,
    "InvalidAccessKeyId": WHO,
    "OptInRequired": "finish signing up for AWS with this account, and run it again",
}
UNVERIFIED = (
    "must be verified"  # what CloudFront says to a new account (AWS re:Post, "account must be verified")
)


def remedy(code: str, message: str, action: str) -> str:
    """What to do about *code*, with which *action*, such as ``s3:CreateBucket``, was refused."""
    if UNVERIFIED in message:
        return "ask AWS Support to verify the account for CloudFront, and run it again"
    if code in DENIED:
        return f"allow {PERMISSIONS.get(action, action)} to whoever runs this"
    if code in LATER:
        return AGAIN
    if code.startswith("TooMany"):
        return QUOTA
    return REMEDIES.get(code, AGAIN)


# Where the permission has another name than the action: Service Authorization Reference.
PERMISSIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:CreateBucket": "s3:CreateBucket and s3:TagResource",
    "cloudfront:CreateDistributionWithTags": "cloudfront:CreateDistribution and cloudfront:TagResource",
    "acm:RequestCertificate": "acm:RequestCertificate and acm:AddTagsToCertificate",
    "iam:CreatePolicy": "iam:CreatePolicy and iam:TagPolicy",
    "iam:CreateRole": "iam:CreateRole and iam:TagRole",
    "cloudfront:GetDistributionConfig": "cloudfront:GetDistribution",
}
